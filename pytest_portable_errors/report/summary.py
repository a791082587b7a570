"""The summary of a run: by defect, and not by test."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from pytest_portable_errors.diagnosis.findings import Fix, fix_outcome
from pytest_portable_errors.diagnosis.losses import short_name
from pytest_portable_errors.diagnosis.printable import brief, clean
from pytest_portable_errors.report.outcome import Outcome
from pytest_portable_errors.report.rows import ADDED_LATER, Verdict, is_own_item
from pytest_portable_errors.report.tally import Defect, worst_first

_TESTS = 3  # node IDs of a defect that are named without -v
_NAMES = 3  # classes of a decision, likewise
_CREDENTIALS = 10
_RED, _YELLOW, _GREEN, _BOLD = (
    {"red": True, "bold": True},
    {"yellow": True},
    {"green": True},
    {"bold": True},
)
SCOPE_TEXTS = {
    "everywhere": "broken everywhere",
    "receiver": "the receiver lacks it",
    "without-project": "arrives only where the project is installed",
    "chain": "loses its chain",
}
DECISIONS = {
    Verdict.LACKS_PROJECT: (
        "receiver",
        (
            "of your exception classes arrives only where your project is installed",
            "of your exception classes arrive only where your project is installed",
        ),
        "Who reads your errors?",
        (
            ("workers and clients that have your code:", "portable_errors_receiver = with-project"),
            (
                "a dashboard, CLI or client without it:",
                "portable_errors_receiver = without-project",
            ),
        ),
    ),
    Verdict.DROPS_CHAIN: (
        "chain",
        (
            (
                "exception class that your tests raise arrives without its chain, which plain "
                "pickle does not carry"
            ),
            (
                "exception classes that your tests raise arrive without their chain, which plain "
                "pickle does not carry"
            ),
        ),
        "Do they need causes?",
        (
            (
                "no, the error itself is enough:",
                "portable_errors_checks = type message args attributes notes members",
            ),
            (
                "yes, __cause__ and __context__ too:",
                "portable_errors_checks = type message args attributes notes members chain",
            ),
        ),
    ),
}


@dataclass(frozen=True, slots=True)
class Line:
    """A line, and how the terminal shows it."""

    text: str
    markup: dict[str, bool] = field(default_factory=dict)
    is_title: bool = False


def summary(outcome: Outcome, *, verbosity: int = 0) -> Iterator[Line]:
    """The lines. Few, when all is well."""
    tells = outcome.mode != "off" or outcome.surveys
    if tells:
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
    is_well = not (new or decisions or outcome.crashed or troubles)
    bad = _YELLOW if outcome.mode == "warn" or outcome.updates_baseline else _RED
    if not is_well:
        yield Line(f"portable errors: {_title(new, len(decisions))}", bad, is_title=True)
        groups = _by_place(new)
        for number, (defect, *alike) in enumerate(groups, start=1):
            width = max(len(name_of(group[0])) for group in groups)
            yield from _defect(number, defect, verbosity, width=width, command=outcome.command)
            yield from _alike(alike, verbosity)
        for verdict, classes in decisions.items():
            yield Line(
                (
                    f"{'FAILED' if outcome.fails_for_decisions else 'OPEN'} "
                    f"{decision_text(verdict, classes)}"
                ),
                bad,
            )
            yield from _decision(verdict, classes, outcome.toml_name, verbosity)
        yield from (
            Line(
                f"{'FAILED' if outcome.fails_beside_tests else 'OPEN'} {trouble_text(trouble)}", bad
            )
            for trouble in troubles
        )
        yield from (
            Line(f"{clean(node)} ended its worker's process: what it raised was not checked", bad)
            for node in outcome.crashed
        )
    for cls, reason in list(outcome.tally.not_checked.items()):
        if verbosity > 0 or len(outcome.tally.not_checked) <= _TESTS:
            yield Line(f"not checked: {short_name(cls)}: {brief(reason)}", _YELLOW)
    for what, counts in outcome.tally.not_looked_at.items():
        yield Line(f"not looked at: {clean(what)} ({_of_classes(counts, verbosity)})", _YELLOW)
    for setting, names in outcome.idle:
        yield Line(
            f"{clean(setting)} names no class that was met: {clean(', '.join(names))}", _YELLOW
        )
    yield from _known(outcome)
    totals = totals_text(outcome)
    yield Line(f"portable errors: {totals}" if is_well else totals, _GREEN if is_well else {})
    if (new or decisions) and not outcome.updates_baseline and outcome.mode == "error":
        yield Line(f"adopt now: {outcome.command} --portable-errors-update-baseline")


def _of_classes(counts: Counter[str], verbosity: int) -> str:
    """``12 exceptions: lark.UnexpectedToken``."""
    names = sorted(counts, key=lambda cls: (-counts[cls], cls))
    shown = names if verbosity > 0 else names[:_NAMES]
    more = (
        f" and {_count(len(names) - len(shown), 'more class', 'more classes')}"
        if len(names) > len(shown)
        else ""
    )
    return (
        f"{_count(sum(counts.values()), 'exception')}: "
        f"{', '.join(clean(short_name(cls)) for cls in shown)}{more}"
    )


def _by_place(defects: Sequence[Defect]) -> list[list[Defect]]:
    """Classes that inherit one defect, or hold what has it, are told together: those with the same
    cause at the same line."""
    groups: dict[object, list[Defect]] = {}
    for defect in defects:
        evidence = [] if defect.detail is None else defect.detail["trip"]["evidence"]
        place = next((text for text in evidence if re.search(r"\.py:\d+$", text)), "")
        groups.setdefault((defect.scope, defect.cause, place) if place else id(defect), []).append(
            defect
        )
    found = [
        _led(group, key[2]) if isinstance(key, tuple) else group for key, group in groups.items()
    ]
    return sorted(found, key=lambda group: worst_first(group[0]))


def _led(group: list[Defect], place: str) -> list[Defect]:
    """The class first that is repaired there, then the project's own, and Python's last."""
    file, _, number = place.rpartition(":")
    details = [defect.detail for defect in group if defect.detail is not None]
    # A place is named as an import would, from ``src`` on; a class's file from the root.
    above = [
        detail
        for detail in details
        if f"/{detail['file']}".endswith(f"/{file}") and detail["line"] <= int(number)
    ]
    owner = max(above, key=lambda detail: detail["line"])["cls"] if above else None

    def distance(defect: Defect) -> tuple[bool, bool, bool]:
        is_ours = defect.detail is not None and bool(defect.detail["file"])
        return defect.cls != owner, not is_ours, defect.cls.startswith("builtins.")

    return sorted(group, key=distance)


def _alike(alike: Sequence[Defect], verbosity: int) -> Iterator[Line]:
    if alike:
        shown = alike if verbosity > 0 else alike[:_TESTS]
        more = f" and {len(alike) - len(shown):,} more" if len(alike) > len(shown) else ""
        yield Line(
            f"   the same in {_count(len(alike), 'more class', 'more classes')}: "
            f"{', '.join(map(name_of, shown))}{more}"
        )


def _title(defects: Sequence[Defect], decisions: int) -> str:
    found = []
    if defects:
        classes = len({defect.cls for defect in defects})
        found.append(f"{_count(len(defects), 'defect')} in {_count(classes, 'class', 'classes')}")
    if decisions:
        found.append(f"{_count(decisions, 'decision')} to take")
    return ", ".join(found) or "not all was checked"


def _count(number: int, one: str, more: str | None = None) -> str:
    return f"{number:,} {one if number == 1 else more or one + 's'}"


def name_of(defect: Defect) -> str:
    """Its class."""
    return clean(short_name(defect.cls))


def _defect(
    number: int, defect: Defect, verbosity: int, *, width: int, command: str
) -> Iterator[Line]:
    tests = [node for node in defect.tests if not is_own_item(node)]
    met = _count(len(tests), "test") if tests else "met when built"
    if set(defect.ways) == {"by keyword"}:
        met = "only when built by keyword"
    keeps_all_but_additions = all(way.endswith(ADDED_LATER) for way in defect.ways)
    scope = "loses what is added later" if keeps_all_but_additions else SCOPE_TEXTS[defect.scope]
    serializers = ", ".join(defect.serializers)
    yield Line(
        f"{number}  {name_of(defect):<{min(width, 60)}}     {scope}     {serializers}     {met}",
        _BOLD,
    )
    if verbosity < 0:
        return
    detail = defect.detail
    if detail is not None and verbosity > 0:
        yield from (Line(f"   {line}".rstrip()) for line in detail["text"].splitlines()[1:] if line)
    elif detail is not None:
        yield from _reason(detail["why"] or detail["headline"])
        if detail["fixes"]:
            fix = Fix(**detail["fixes"][0])
            yield Line(
                f"   fix: {clean(fix.title)} (tried: "
                f"{fix_outcome(fix, detail['trip']['receiver'])})     -v shows it"
            )
    if tests:
        shown = tests if verbosity > 0 else tests[:_TESTS]
        more = (
            f" and {_count(len(tests) - len(shown), 'more', 'more')}"
            if len(tests) > len(shown)
            else ""
        )
        yield Line(f"   met by {', '.join(map(clean, shown))}{more}")
    if selector(defect):
        yield Line(f"   rerun: {command} {selector(defect)}")


def _reason(why: str) -> Iterator[Line]:
    for number, line in enumerate(why.splitlines()):
        yield Line(f"   {'why:' if number == 0 else '    '} {brief(line, 320)}")


def selector(defect: Defect) -> str:
    """Options that select what met it. Node IDs of our own items are no paths, so that pytest would
    not find them."""
    if any(is_own_item(node) for node in defect.tests):
        return f"-k {defect.cls.rpartition('.')[2]}"
    names = dict.fromkeys(
        re.sub(r"\[.*", "", node.rpartition("::")[2], flags=re.DOTALL)
        for node in list(defect.tests)[:_TESTS]
    )
    # a doctest's is dotted
    usable = [name for name in names if all(map(str.isidentifier, name.split(".")))]
    return (
        f"-k {usable[0]}" if len(usable) == 1 else f'-k "{" or ".join(usable)}"' if usable else ""
    )


def decision_text(verdict: Verdict, classes: Sequence[str]) -> str:
    """``portable-errors::receiver - 142 of your exception classes arrive only where your project is
    installed.``"""
    name, of_how_many, _, _ = DECISIONS[verdict]
    return f"portable-errors::{name} - {len(classes):,} {of_how_many[len(classes) > 1]}."


def trouble_text(trouble: str) -> str:
    """What is the run's and no test's: a receiver cannot start, or is not made as it has to be."""
    return f"portable-errors - what was raised could not be sent: {brief(trouble)}"


def toml_choice(verdict: Verdict, file: str) -> tuple[str, str]:
    """The first choice once more, as it is written in TOML, where a list has brackets; both of
    pytest's tables take it so."""
    key, _, values = DECISIONS[verdict][3][0][1].partition(" = ")
    return f"in {clean(file)}:", f"{key} = [{', '.join(map(json.dumps, values.split()))}]"


def _decision(
    verdict: Verdict, classes: Sequence[str], toml_name: str | None, verbosity: int
) -> Iterator[Line]:
    _, _, question, choices = DECISIONS[verdict]
    if verbosity >= 0:
        for number, (answer, setting) in enumerate(choices):
            yield Line(
                "       "
                f"{question if number == 0 else '':<{len(question)}}   {answer:<40}   {setting}"
            )
        if toml_name is not None:
            yield Line(
                f"       {'':<{len(question)}}   {' '.join(toml_choice(verdict, toml_name))}"
            )
    if verbosity > 0:
        yield from (Line(f"       {clean(short_name(cls))}") for cls in classes)
    elif verbosity == 0 and len(classes) <= _NAMES:
        yield Line(f"       {', '.join(clean(short_name(cls)) for cls in classes)}")


def _known(outcome: Outcome) -> Iterator[Line]:
    name = outcome.baseline_name
    if outcome.known_defects and not outcome.updates_baseline:
        yield Line(f"{_count(len(outcome.known_defects), 'known defect')} ({name})")
    if outcome.gone and not outcome.updates_baseline:
        yield Line(
            (
                f"gone: {_count(len(outcome.gone), 'entry', 'entries')} of {name}; "
                "--portable-errors-update-baseline takes them out"
            ),
            _GREEN,
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
        f"checked {_count(totals.classes, 'class', 'classes')}, "
        f"{_count(totals.exceptions, 'exception')}: {', '.join(filter(None, parts))}"
    )
    return text + (f"; {totals.ignored:,} ignored" if totals.ignored else "")


def _credentials(outcome: Outcome) -> Iterator[Line]:
    """A line for each exception class and path, as far as there is room."""
    if not outcome.names_credentials:
        return
    lines = [
        f"{clean(short_name(cls))} carries a credential: {brief(path)} ({clean(kind)})"
        for cls, path, kind in outcome.tally.credentials
    ]
    yield from (Line(f"portable errors: {line}", _YELLOW) for line in lines[:_CREDENTIALS])
    if len(lines) > _CREDENTIALS:
        more = (
            f"... and {len(lines) - _CREDENTIALS} more credentials; "
            "portable_errors_credentials = error fails the tests that meet them"
        )
        yield Line(f"portable errors: {more}", _YELLOW)
