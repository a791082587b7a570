"""Workflow commands of GitHub Actions, which it shows beside the lines of a change.

https://docs.github.com/actions/reference/workflow-commands-for-github-actions, section "Setting an
error message".
"""

from __future__ import annotations

import os
from collections.abc import Iterator

from pytest_portable_errors.report.decision_lines import decision_text
from pytest_portable_errors.report.defect_lines import name_of, selector
from pytest_portable_errors.report.outcome import Outcome
from pytest_portable_errors.report.summary import trouble_text
from pytest_portable_errors.report.tally import Defect


def commands(outcome: Outcome, *, root: str, workspace: str | None) -> Iterator[str]:
    """A line for each defect that the baseline does not have, and for each decision that is open.

    ``root`` is what files are named from, ``workspace`` what GitHub names them from
    (``GITHUB_WORKSPACE``).
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
    place = {}
    if detail is not None and detail["file"]:
        place = {
            "file": os.path.relpath(os.path.join(root, detail["file"]), workspace or root),
            "line": str(detail["line"]),
        }
    return {**place, "title": name_of(defect) if detail is None else detail["headline"]}


def _message(defect: Defect, command: str) -> str:
    detail = defect.detail
    why = "" if detail is None else detail["why"]
    return f"{why}\nrerun: {command} {selector(defect)}".strip()


def _command(level: str, properties: dict[str, str], message: str) -> str:
    given = ",".join(f"{name}={_escaped(value, also=':,')}" for name, value in properties.items())
    return f"::{level} {given}::{_escaped(message)}"


def _escaped(text: str, *, also: str = "") -> str:
    """As the toolkit of GitHub Actions escapes data (``%``, line ends) and, with ``also``,
    properties."""
    for character in ("%", "\r", "\n", *also):
        text = text.replace(character, f"%{ord(character):02X}")
    return text
