"""The summary that a run prints at its end: by defect, and not by test."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from pytest_portable_errors.diagnosis.printable import brief, clean
from pytest_portable_errors.diagnosis.shown import short_name
from pytest_portable_errors.report.decision_lines import (
    decision,
    decision_text,
    place_of_settings,
)
from pytest_portable_errors.report.defect_lines import TESTS, groups_lines
from pytest_portable_errors.report.groups import Group, groups_of
from pytest_portable_errors.report.libraries import library_lines
from pytest_portable_errors.report.outcome import Outcome
from pytest_portable_errors.report.rows import Verdict
from pytest_portable_errors.report.summary_line import GREEN, NAMES, RED, YELLOW, Line, count

_MOST_CREDENTIALS = 10  # lines; further credentials are counted


def summary(outcome: Outcome, *, verbosity: int = 0) -> Iterator[Line]:
    """The lines of the summary: few when nothing was lost. What fails the run stands last.

    Args:
        outcome: The outcome of the run.
        verbosity: The count of -v less that of -q: below 0 gives a line for each cause, above 0
            each defect in full.
    """
    tells_all = outcome.mode != "off" or outcome.surveys or outcome.tells_cases
    told = _Told.of(outcome) if tells_all else None
    if outcome.libraries:
        yield from library_lines(outcome.libraries, verbosity)
        if not outcome.tally and outcome.mode == "off":
            told = None  # nothing else was asked for
    if told is not None:
        yield from _findings(outcome, told, verbosity)
    yield from _credentials(outcome)
    yield from (Line(f"portable errors: wrote {clean(text)}") for text in outcome.written)
    if outcome.atlas and verbosity >= 0:
        yield Line(f"portable errors: {outcome.atlas}")
    if told is not None:
        yield from _beside_tests(outcome, told, verbosity)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Told:
    """What of an outcome is to be told as something to do."""

    groups: list[Group]
    """The new defects."""
    decisions: dict[Verdict, list[str]]
    """The open decisions that somebody has to take: decision -> classes."""
    is_well: bool
    """Whether there is nothing to do."""
    colour: dict[str, bool]
    """Of what fails the run, or would."""

    @classmethod
    def of(cls, outcome: Outcome) -> _Told:
        groups = groups_of(outcome.new_defects)
        decisions = {
            verdict: classes
            for verdict, classes in outcome.open_decisions.items()
            if classes and not outcome.updates_baseline
        }
        troubles = (*outcome.crashed, *outcome.tally.troubles, outcome.unimported)
        return cls(
            groups=groups,
            decisions=decisions,
            is_well=not (groups or decisions or any(troubles)),
            colour=YELLOW if outcome.mode == "warn" or outcome.updates_baseline else RED,
        )


def _findings(outcome: Outcome, told: _Told, verbosity: int) -> Iterator[Line]:
    """The defects, what was not looked at, and the totals."""
    if not told.is_well:
        title = _title(told, outcome.suites)
        if verbosity < 0:
            yield Line(
                f"portable errors: {title} (without -q: why, where, and what to do)", told.colour
            )
        else:
            yield Line(f"portable errors: {title}", told.colour, is_title=True)
        yield from groups_lines(told.groups, verbosity, command=outcome.command)
        yield from (
            Line(
                f"{clean(node)} ended its worker's process: what it raised was not checked",
                told.colour,
            )
            for node in outcome.crashed
        )
    if verbosity >= 0 or told.is_well:
        yield from _beside(outcome, verbosity)
        totals = totals_text(outcome)
        yield Line(
            f"portable errors: {totals}" if told.is_well else totals, GREEN if told.is_well else {}
        )
    if not outcome.updates_baseline and outcome.mode != "warn" and verbosity >= 0:
        yield from _next(outcome, told)


def _beside(outcome: Outcome, verbosity: int) -> Iterator[Line]:
    """What was not checked, what is no defect, and what the baseline knows."""
    tally = outcome.tally
    for cls, reason in list(tally.not_checked.items()):
        if verbosity > 0 or len(tally.not_checked) <= TESTS:
            yield Line(f"not checked: {short_name(cls)}: {brief(reason)}", YELLOW)
    yield from _not_imported(tally.not_imported, verbosity)
    for limit, counts in tally.not_looked_at.items():
        yield Line(f"not looked at: {clean(limit)} ({_of_classes(counts, verbosity)})", YELLOW)
    for how, counts in tally.made_again.items():
        yield Line(
            f"made again: {count(sum(counts.values()), 'check')}, because somebody else had ended "
            f"the process: {clean(how)}; did the machine run out of memory? "
            f"({_of_classes(counts, verbosity)})",
            YELLOW,
        )
    for cls, paths in tally.declared_lost.items() if verbosity > 0 else ():
        yield Line(f"declared lost: {clean(short_name(cls))}: {brief(clean(', '.join(paths)))}")
    for serializer, checks in outcome.not_carried:
        yield Line(f"not compared: {clean(serializer)} never carries {', '.join(checks)}")
    for verdict, text in _HARMLESS.items():
        classes = tally.classes_with(verdict)
        if classes:
            yield Line(f"no defect: {_classes(classes, verbosity)} {text}")
    for setting, names in outcome.idle:
        yield Line(
            f"{clean(setting)} names no class that was met: {clean(', '.join(names))}", YELLOW
        )
    yield from _known(outcome)


def _next(outcome: Outcome, told: _Told) -> Iterator[Line]:
    """What to do about the defects: have the fixes written, or adopt the plugin as it is."""
    groups = told.groups
    checks_by_option = outcome.mode != "off" or outcome.surveys or bool(outcome.suites)
    if groups and checks_by_option and not outcome.repairs:
        whole = [[fix for fix in group.first.fixes if fix.arrives_whole] for group in groups]
        safe = sum(any(fix.is_safe for fix in fixes) for fixes in whole)
        option = "--portable-errors-fix" if safe else "--portable-errors-fix-unsafe"
        number = safe or sum(map(bool, whole))
        if number:
            of_all = f"{number:,} of {len(groups):,}" if number < len(groups) else "all"
            yield Line(f"fix {of_all}: {outcome.command} {option}")
    if (groups or told.decisions) and outcome.mode == "error" and not outcome.repairs:
        yield Line(f"adopt now: {outcome.command} --portable-errors-update-baseline")


def _beside_tests(outcome: Outcome, told: _Told, verbosity: int) -> Iterator[Line]:
    """What fails the run, or would, although no test does: decisions and troubles."""
    for verdict, classes in told.decisions.items():
        label = "FAILED" if outcome.fails_for_decisions else "OPEN"
        yield Line(f"{label} {decision_text(verdict, classes)}", told.colour)
        place = place_of_settings(outcome.toml_name, outcome.toml_table)
        yield from decision(verdict, classes, place, verbosity)
    label = "FAILED" if outcome.fails_beside_tests else "OPEN"
    if outcome.unimported:
        yield Line(
            f"{label} portable-errors::reducers - {clean(outcome.unimported)} is imported by no "
            "module of yours: import it where your worker starts",
            told.colour,
        )
    for trouble in outcome.tally.troubles:
        yield Line(f"{label} {trouble_text(trouble)}", told.colour)


def _not_imported(modules: dict[str, str], verbosity: int) -> Iterator[Line]:
    """``2 modules were not imported, so their classes were not checked: shop.cli, shop.unused``."""
    failed = {module: why for module, why in modules.items() if why}
    most = len(modules) if verbosity > 0 else NAMES
    for module in list(failed)[:most]:
        yield Line(f"not imported: {clean(module)}: {brief(failed[module])}", YELLOW)
    if len(failed) > most:
        yield Line(f"not imported: {len(failed) - most:,} more, which -v names", YELLOW)
    unused = [module for module in modules if module not in failed]
    if unused:
        more = f" and {len(unused) - most:,} more" if len(unused) > most else ""
        was, their = ("was", "its") if len(unused) == 1 else ("were", "their")
        yield Line(
            f"{count(len(unused), 'module')} {was} not imported, so {their} classes were not "
            f"checked: {', '.join(map(clean, unused[:most]))}{more}; --portable-errors-survey "
            f"{clean(unused[0].partition('.')[0])} imports them",
            YELLOW,
        )


_HARMLESS = {
    Verdict.LOSES_ADDITIONS: (
        "lost a note or an attribute that was added for a trial (portable_errors_checks with "
        "additions makes that a defect)"
    ),
    Verdict.OTHER_ARGS: "arrived with other args, and all else as it was (a marker fails for that)",
}


def _classes(names: Sequence[str], verbosity: int) -> str:
    """``12 classes (a.A, a.B, a.C and 9 more)``."""
    shown = names if verbosity > 0 else names[:NAMES]
    more = f" and {len(names) - len(shown):,} more" if len(names) > len(shown) else ""
    named = ", ".join(clean(short_name(cls)) for cls in shown)
    return f"{count(len(names), 'class', 'classes')} ({named}{more})"


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


def _title(told: _Told, suites: Sequence[str]) -> str:
    parts = []
    if told.groups:
        classes = len({defect.cls for group in told.groups for defect in group.defects})
        parts.append(f"{count(len(told.groups), 'defect')} in {count(classes, 'class', 'classes')}")
    if told.decisions:
        parts.append(f"{count(len(told.decisions), 'decision')} to take")
    of_suites = f"{clean(', '.join(suites))}: " if suites else ""
    return of_suites + (", ".join(parts) or "not all was checked")


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


def totals_text(outcome: Outcome, *, decisions_are: str = "below") -> str:
    """``checked 57 classes, 312 exceptions: 54 whole, 2 lossy, 1 not checked``.

    ``decisions_are`` says where the open decisions stand: ``below`` this text, or ``above`` it.
    """
    totals = outcome.tally.totals
    if not totals.classes:
        return "nothing was checked" if outcome.tally.troubles else "no exception was met"
    is_open = any(outcome.open_decisions.values()) and not outcome.updates_baseline
    undecided = f"as you decide {decisions_are}" if is_open else "undecided"
    parts = [
        f"{totals.whole:,} whole",
        f"{totals.undecided:,} {undecided}" if totals.undecided else "",
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
