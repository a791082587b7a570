"""What a run leaves on the pages of GitHub Actions; nothing where it does not run there."""

from __future__ import annotations

import os
from collections.abc import Iterator

from pytest_portable_errors.report.github import commands
from pytest_portable_errors.report.outcome import Outcome
from pytest_portable_errors.report.step_summary import step_summary


def annotation_lines(outcome: Outcome, *, root: str) -> Iterator[str]:
    """The workflow commands to print, a line each.

    Args:
        outcome: The outcome of the run.
        root: The folder from which the outcome names files.
    """
    if os.environ.get("GITHUB_ACTIONS") == "true":
        yield from commands(outcome, root=root, workspace=os.environ.get("GITHUB_WORKSPACE"))


def add_to_step_summary(outcome: Outcome) -> str:
    """Add to the summary of the job, if ``GITHUB_STEP_SUMMARY`` names a file for it.

    Returns:
        Why it cannot be written; empty if it was, or if there is none.
    """
    name = os.environ.get("GITHUB_STEP_SUMMARY")
    if not name:
        return ""
    try:
        with open(name, "a", encoding="utf-8") as file:
            file.write(step_summary(outcome))
    except OSError as error:
        return f"GITHUB_STEP_SUMMARY cannot be written: {error.strerror}"
    return ""
