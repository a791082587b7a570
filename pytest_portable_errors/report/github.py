"""Workflow commands, which GitHub Actions shows as annotations beside the lines of a change.

https://docs.github.com/actions/reference/workflow-commands-for-github-actions, section "Setting an
error message".
"""

from __future__ import annotations

import os
from collections.abc import Iterator

from pytest_portable_errors.report.decision_lines import decision_text
from pytest_portable_errors.report.defect import Defect
from pytest_portable_errors.report.defect_lines import name_of, selector
from pytest_portable_errors.report.outcome import Outcome
from pytest_portable_errors.report.summary import trouble_text


def commands(outcome: Outcome, *, root: str, workspace: str | None) -> Iterator[str]:
    """A workflow command for each new defect, each open decision and each trouble.

    Args:
        outcome: The outcome of the run.
        root: The folder from which the outcome names files.
        workspace: The folder from which GitHub names files (``GITHUB_WORKSPACE``); None: ``root``.
    """
    level = "warning" if outcome.mode == "warn" or outcome.updates_baseline else "error"
    for defect in outcome.new_defects:
        yield _command(
            level, _properties(defect, root, workspace), _message(defect, outcome.command)
        )
    for verdict, classes in outcome.open_decisions.items():
        if classes:
            yield _command(
                "error" if outcome.fails_for_decisions else "warning",
                {"title": "portable errors"},
                decision_text(verdict, classes),
            )
    for trouble in outcome.tally.troubles:
        yield _command(
            "error" if outcome.fails_beside_tests else "warning",
            {"title": "portable errors"},
            trouble_text(trouble),
        )


def _properties(defect: Defect, root: str, workspace: str | None) -> dict[str, str]:
    detail = defect.detail
    location = {}
    if detail is not None and detail["file"]:
        location = {
            "file": os.path.relpath(os.path.join(root, detail["file"]), workspace or root),
            "line": str(detail["line"]),
        }
    return {**location, "title": name_of(defect) if detail is None else detail["headline"]}


def _message(defect: Defect, command: str) -> str:
    detail = defect.detail
    why = "" if detail is None else detail["why"]
    return f"{why}\nrerun: {command} {selector([defect])}".strip()


def _command(level: str, properties: dict[str, str], message: str) -> str:
    pairs = ",".join(f"{name}={_escaped(value, also=':,')}" for name, value in properties.items())
    return f"::{level} {pairs}::{_escaped(message)}"


def _escaped(text: str, *, also: str = "") -> str:
    """Escape a text as the toolkit of GitHub Actions does.

    In data it escapes ``%`` and line ends, in properties the characters of ``also`` besides.
    """
    for character in ("%", "\r", "\n", *also):
        text = text.replace(character, f"%{ord(character):02X}")
    return text
