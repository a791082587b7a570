"""The summary that a run prints at its end: by defect, and not by test."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence

from pytest_portable_errors.diagnosis.printable import brief, clean
from pytest_portable_errors.diagnosis.shown import short_name
from pytest_portable_errors.report.decision_lines import decision, decision_text
from pytest_portable_errors.report.defect_lines import TESTS, alike_lines, defect_lines, name_of
from pytest_portable_errors.report.outcome import Outcome
from pytest_portable_errors.report.summary_line import GREEN, NAMES, RED, YELLOW, Line, count
from pytest_portable_errors.report.tally import Defect, worst_first

_MOST_CREDENTIALS = 10  # lines; further credentials are counted


def summary(outcome: Outcome, *, verbosity: int = 0) -> Iterator[Line]:
    """The lines of the summary: few when nothing was lost.

    Args:
        outcome: The outcome of the run.
        verbosity: The count of -v less that of -q: below 0 gives a line for each defect, above 0
            each defect in full.
    """
    if outcome.mode != "off" or outcome.surveys:
        yield from _findings(outcome, verbosity)
    yield from _credentials(outcome)
    yield from (Line(f"portable errors: wrote {clean(text)}") for text in outcome.written)


def _findings(outcome: Outcome, verbosity: int) -> Iterator[Line]:
    new = outcome.new_defects
    decisions = {
        verdict: classes
        for verdict, classes in outcome.open_decisions.items()
        if classes and not outcome.updates_baseline
    }
    troubles = outcome.tally.troubles
    is_well = not (new or decisions or outcome.crashed or troubles or outcome.unimported)
    colour = YELLOW if outcome.mode == "warn" or outcome.updates_baseline else RED
    if not is_well:
        yield Line(f"portable errors: {_title(new, len(decisions))}", colour, is_title=True)
        groups = _by_place(new)
        for number, (defect, *alike) in enumerate(groups, start=1):
            width = max(len(name_of(group[0])) for group in groups)
            yield from defect_lines(number, defect, verbosity, width=width, command=outcome.command)
            yield from alike_lines(alike, verbosity)
        for verdict, classes in decisions.items():
            yield Line(
                (
                    f"{'FAILED' if outcome.fails_for_decisions else 'OPEN'} "
                    f"{decision_text(verdict, classes)}"
                ),
                colour,
            )
            yield from decision(verdict, classes, outcome.toml_name, verbosity)
        if outcome.unimported:
            yield Line(
                f"{'FAILED' if outcome.fails_beside_tests else 'OPEN'} portable-errors::reducers - "
                f"{clean(outcome.unimported)} is imported by no module of yours: import it where "
                "your worker starts",
                colour,
            )
        yield from (
            Line(
                f"{'FAILED' if outcome.fails_beside_tests else 'OPEN'} {trouble_text(trouble)}",
                colour,
            )
            for trouble in troubles
        )
        yield from (
            Line(
                f"{clean(node)} ended its worker's process: what it raised was not checked", colour
            )
            for node in outcome.crashed
        )
    for cls, reason in list(outcome.tally.not_checked.items()):
        if verbosity > 0 or len(outcome.tally.not_checked) <= TESTS:
            yield Line(f"not checked: {short_name(cls)}: {brief(reason)}", YELLOW)
    for limit, counts in outcome.tally.not_looked_at.items():
        yield Line(f"not looked at: {clean(limit)} ({_of_classes(counts, verbosity)})", YELLOW)
    for cls, paths in outcome.tally.declared_lost.items() if verbosity > 0 else ():
        yield Line(f"declared lost: {clean(short_name(cls))}: {brief(clean(', '.join(paths)))}")
    for setting, names in outcome.idle:
        yield Line(
            f"{clean(setting)} names no class that was met: {clean(', '.join(names))}", YELLOW
        )
    yield from _known(outcome)
    totals = totals_text(outcome)
    yield Line(f"portable errors: {totals}" if is_well else totals, GREEN if is_well else {})
    if (new or decisions) and not outcome.updates_baseline and outcome.mode == "error":
        yield Line(f"adopt now: {outcome.command} --portable-errors-update-baseline")


def _of_classes(counts: Counter[str], verbosity: int) -> str:
    """``12 exceptions: lark.UnexpectedToken``."""
    names = sorted(counts, key=lambda cls: (-counts[cls], cls))
    shown = names if verbosity > 0 else names[:NAMES]
    more = (
        f" and {count(len(names) - len(shown), 'more class', 'more classes')}"
        if len(names) > len(shown)
        else ""
    )
    return (
        f"{count(sum(counts.values()), 'exception')}: "
        f"{', '.join(clean(short_name(cls)) for cls in shown)}{more}"
    )


def _by_place(defects: Sequence[Defect]) -> list[list[Defect]]:
    """Group the defects with the same scope and cause at the same line of code.

    Classes share one if they inherit the defect, or hold an exception that has it.
    """
    groups: dict[object, list[Defect]] = {}
    for defect in defects:
        evidence = [] if defect.detail is None else defect.detail["trip"]["evidence"]
        place = next((text for text in evidence if re.search(r"\.py:\d+$", text)), "")
        groups.setdefault((defect.scope, defect.cause, place) if place else id(defect), []).append(
            defect
        )
    in_order = [
        _owner_first(group, key[2]) if isinstance(key, tuple) else group
        for key, group in groups.items()
    ]
    return sorted(in_order, key=lambda group: worst_first(group[0]))


def _owner_first(group: list[Defect], place: str) -> list[Defect]:
    """Sort a group: first the class that has this line, then the project's own, Python's last."""
    file, _, number = place.rpartition(":")
    details = [defect.detail for defect in group if defect.detail is not None]
    # A place is named as an import names it, from ``src`` on; a class's file from the root.
    above = [
        detail
        for detail in details
        if f"/{detail['file']}".endswith(f"/{file}") and detail["line"] <= int(number)
    ]
    owner = max(above, key=lambda detail: detail["line"])["cls"] if above else None

    def distance(defect: Defect) -> tuple[bool, bool, bool]:
        is_of_project = defect.detail is not None and bool(defect.detail["file"])
        return defect.cls != owner, not is_of_project, defect.cls.startswith("builtins.")

    return sorted(group, key=distance)


def _title(defects: Sequence[Defect], decisions: int) -> str:
    parts = []
    if defects:
        classes = len({defect.cls for defect in defects})
        parts.append(f"{count(len(defects), 'defect')} in {count(classes, 'class', 'classes')}")
    if decisions:
        parts.append(f"{count(decisions, 'decision')} to take")
    return ", ".join(parts) or "not all was checked"


def trouble_text(trouble: str) -> str:
    """The line for a trouble of the whole run, such as a receiver that cannot start."""
    return f"portable-errors - what was raised could not be sent: {brief(trouble)}"


def _known(outcome: Outcome) -> Iterator[Line]:
    name = outcome.baseline_name
    if outcome.known_defects and not outcome.updates_baseline:
        yield Line(f"{count(len(outcome.known_defects), 'known defect')} ({name})")
    if outcome.gone and not outcome.updates_baseline:
        yield Line(
            (
                f"gone: {count(len(outcome.gone), 'entry', 'entries')} of {name}; "
                "--portable-errors-update-baseline takes them out"
            ),
            GREEN,
        )


def totals_text(outcome: Outcome) -> str:
    """``checked 57 classes, 312 exceptions: 54 whole, 2 lossy, 1 not checked``."""
    totals = outcome.tally.totals
    if not totals.classes:
        return "nothing was checked" if outcome.tally.troubles else "no exception was met"
    parts = [
        f"{totals.whole:,} whole",
        f"{totals.undecided:,} undecided" if totals.undecided else "",
        f"{totals.lossy:,} lossy" if totals.lossy else "",
        f"{totals.of_tests:,} made by tests" if totals.of_tests else "",
        f"{totals.of_python:,} not carried by Python itself" if totals.of_python else "",
        f"{totals.not_checked:,} not checked" if totals.not_checked else "",
    ]
    text = (
        f"checked {count(totals.classes, 'class', 'classes')}, "
        f"{count(totals.exceptions, 'exception')}: {', '.join(filter(None, parts))}"
    )
    return text + (f"; {totals.ignored:,} ignored" if totals.ignored else "")


def _credentials(outcome: Outcome) -> Iterator[Line]:
    """A line for each exception class and path, up to ``_MOST_CREDENTIALS``."""
    if not outcome.names_credentials:
        return
    lines = [
        f"{clean(short_name(cls))} carries a credential: {brief(path)} ({clean(kind)})"
        for cls, path, kind in outcome.tally.credentials
    ]
    yield from (Line(f"portable errors: {line}", YELLOW) for line in lines[:_MOST_CREDENTIALS])
    if len(lines) > _MOST_CREDENTIALS:
        more = (
            f"... and {len(lines) - _MOST_CREDENTIALS} more credentials; "
            "portable_errors_credentials = error fails the tests that meet them"
        )
        yield Line(f"portable errors: {more}", YELLOW)
