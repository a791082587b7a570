"""The summary of a job on GitHub Actions, in Markdown.

https://docs.github.com/actions/reference/workflow-commands-for-github-actions, section "Adding a
job summary". GitHub takes a mebibyte for one step, and shows tables and some HTML.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from pytest_portable_errors.diagnosis.cause_names import CAUSE_NAMES
from pytest_portable_errors.diagnosis.explain import first_sentence
from pytest_portable_errors.diagnosis.findings import tried
from pytest_portable_errors.diagnosis.printable import brief
from pytest_portable_errors.report.decision_lines import (
    DECISIONS,
    decision_text,
    place_of_settings,
    shown_setting,
)
from pytest_portable_errors.report.groups import Group, groups_of
from pytest_portable_errors.report.outcome import Outcome
from pytest_portable_errors.report.rows import Verdict
from pytest_portable_errors.report.summary import totals_text, trouble_text
from pytest_portable_errors.report.summary_line import count

MOST_ROWS = 60
"""Rows that the table has; further defects are counted."""
# What means something in Markdown, in a table, in HTML or to GitHub; an address becomes a link by
# its colon or its first full stop.
_MARKUP = re.compile(r"[&<>\"'|`*_~\[\]\\#!$@^{}]|:(?=//)|(?<=www)\.", re.IGNORECASE)


def step_summary(outcome: Outcome) -> str:
    """The summary of a run as Markdown, to be added to what other steps have written."""
    return "\n" + "\n".join(_lines(outcome)) + "\n"


def _lines(outcome: Outcome) -> Iterator[str]:
    groups = groups_of(outcome.new_defects)
    decisions = {
        verdict: classes
        for verdict, classes in outcome.open_decisions.items()
        if classes and not outcome.updates_baseline
    }
    problems = list(_problems(outcome))
    suites = f"{_escaped(', '.join(outcome.suites))}: " if outcome.suites else ""
    yield f"## Portable errors: {suites}{_title(groups, len(decisions), len(problems))}"
    yield ""
    for verdict, classes in decisions.items():
        place = place_of_settings(outcome.toml_name, outcome.toml_table)
        yield from _decision(verdict, classes, place)
    for problem in problems:
        yield from (f"**{_escaped(problem)}**", "")
    if groups:
        yield from _table(groups)
    if outcome.known_defects:
        name = _escaped(outcome.baseline_name or "")
        yield from (f"{count(len(outcome.known_defects), 'known defect')} ({name})", "")
    yield _escaped(totals_text(outcome, decisions_are="above"))
    if (groups or decisions) and not outcome.updates_baseline and outcome.mode == "error":
        yield ""
        yield (
            "To adopt it now, and fail only for what is new: "
            f"{_code(f'{outcome.command} --portable-errors-update-baseline')}"
        )


def _title(groups: Sequence[Group], decisions: int, problems: int) -> str:
    classes = len({defect.cls for group in groups for defect in group.defects})
    parts = [
        f"{count(len(groups), 'defect')} in {count(classes, 'class', 'classes')}" if groups else "",
        f"{count(decisions, 'decision')} to take" if decisions else "",
    ]
    nothing = "not all was checked" if problems else "no new defect"
    return ", ".join(filter(None, parts)) or nothing


def _problems(outcome: Outcome) -> Iterator[str]:
    """What is wrong with the run and with no exception."""
    yield from map(trouble_text, outcome.tally.troubles)
    if outcome.unimported:
        yield f"{outcome.unimported} is imported by no module: import it where your worker starts"
    for node in outcome.crashed:
        yield f"{node} ended its worker's process: what it raised was not checked"


def _decision(verdict: Verdict, classes: Sequence[str], place: str) -> Iterator[str]:
    _, _, question, choices = DECISIONS[verdict]
    where = f" (in {_escaped(place)})" if place else ""
    yield f"**{_escaped(decision_text(verdict, classes))}** {_escaped(question)}{where}"
    yield ""
    for answer, setting in choices:
        yield f"- {_escaped(answer)} {_code(shown_setting(setting, place))}"
    yield ""


def _table(groups: Sequence[Group]) -> Iterator[str]:
    yield "| class | what is wrong | where | fix |"
    yield "|---|---|---|---|"
    yield from map(_row, groups[:MOST_ROWS])
    yield ""
    if len(groups) > MOST_ROWS:
        yield f"and {count(len(groups) - MOST_ROWS, 'more defect')}"
        yield ""


def _row(group: Group) -> str:
    others = len(group.others)
    more = f" and {count(others, 'more class', 'more classes')}" if others else ""
    detail = group.first.detail
    fix = ""
    for best in group.first.fixes[:1]:
        asked = "" if detail is None else detail["trip"]["receiver"]
        fix = f"{_escaped(best.title)} ({_escaped(tried(best, asked))})"
    where = _code(group.place) if group.place else ""
    return f"| {_code(group.name)}{more} | {_cause(group)} | {where} | {fix} |"


def _cause(group: Group) -> str:
    cause = group.first.cause
    if cause in CAUSE_NAMES:
        return first_sentence(cause)  # Markdown of our own
    kinds = {kind for defect in group.defects for kind in defect.kinds}
    return f"loses {_escaped(', '.join(sorted(kinds)))}"


def _code(text: str) -> str:
    """A text as code: in HTML, because a code span has no way to write a backtick or a pipe."""
    return f"<code>{_escaped(text)}</code>"


def _escaped(text: str) -> str:
    """A foreign text, on one line and bounded, of which nothing is markup."""
    return _MARKUP.sub(lambda found: f"&#{ord(found.group())};", brief(text, 320))
