"""Lines of the summary for one defect."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from pytest_portable_errors.diagnosis.findings import Fix, fix_outcome
from pytest_portable_errors.diagnosis.printable import brief, clean
from pytest_portable_errors.diagnosis.shown import short_name
from pytest_portable_errors.report.rows import ADDED_LATER, is_own_item
from pytest_portable_errors.report.summary_line import BOLD, Line, count
from pytest_portable_errors.report.tally import Defect

TESTS = 3
"""Node IDs of a defect, and further classes that have it, that are named without -v."""
SCOPE_TEXTS = {
    "everywhere": "broken everywhere",
    "receiver": "the receiver lacks it",
    "without-project": "arrives only where the project is installed",
    "chain": "loses its chain",
}
"""What the summary says of each of ``SCOPES``."""


def alike_lines(alike: Sequence[Defect], verbosity: int) -> Iterator[Line]:
    """A line that names the other classes which have the same defect; none if there are none.

    Args:
        alike: The defects that are told together with one that was told before.
        verbosity: The count of -v less that of -q; above 0 all classes are named.
    """
    if alike:
        shown = alike if verbosity > 0 else alike[:TESTS]
        more = f" and {len(alike) - len(shown):,} more" if len(alike) > len(shown) else ""
        yield Line(
            f"   the same in {count(len(alike), 'more class', 'more classes')}: "
            f"{', '.join(map(name_of, shown))}{more}"
        )


def name_of(defect: Defect) -> str:
    """The name of the defect's class as people read it: without the module of a builtin."""
    return clean(short_name(defect.cls))


def defect_lines(
    number: int, defect: Defect, verbosity: int, *, width: int, command: str
) -> Iterator[Line]:
    """The lines for one defect: what, why, its best fix, and how to run the tests again.

    Args:
        number: Its place in the summary, from 1.
        defect: The defect.
        verbosity: The count of -v less that of -q: below 0 gives one line, above 0 the whole text.
        width: Columns for the class's name; at most 60 are used.
        command: See ``Outcome.command``.
    """
    tests = [node for node in defect.tests if not is_own_item(node)]
    met_by = count(len(tests), "test") if tests else "met when built"
    if set(defect.ways) == {"by keyword"}:
        met_by = "only when built by keyword"
    keeps_all_but_additions = all(way.endswith(ADDED_LATER) for way in defect.ways)
    scope = "loses what is added later" if keeps_all_but_additions else SCOPE_TEXTS[defect.scope]
    serializers = ", ".join(defect.serializers)
    yield Line(
        f"{number}  {name_of(defect):<{min(width, 60)}}     {scope}     {serializers}     {met_by}",
        BOLD,
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
        shown = tests if verbosity > 0 else tests[:TESTS]
        more = (
            f" and {count(len(tests) - len(shown), 'more', 'more')}"
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
    """The ``-k`` option that selects the tests which met a defect; empty if none can be given.

    It is not the node IDs, because those of this plugin's items are no paths that pytest finds.
    """
    if any(is_own_item(node) for node in defect.tests):
        return f"-k {defect.cls.rpartition('.')[2]}"
    names = dict.fromkeys(
        re.sub(r"\[.*", "", node.rpartition("::")[2], flags=re.DOTALL)
        for node in list(defect.tests)[:TESTS]
    )
    # A doctest's name is dotted.
    usable = [name for name in names if all(map(str.isidentifier, name.split(".")))]
    return (
        f"-k {usable[0]}" if len(usable) == 1 else f'-k "{" or ".join(usable)}"' if usable else ""
    )
