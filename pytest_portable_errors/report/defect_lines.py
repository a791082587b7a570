"""Lines of the summary for the defects: few for each where there are many."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterable, Iterator, Sequence

from pytest_portable_errors.diagnosis.findings import tried
from pytest_portable_errors.diagnosis.printable import brief, clean
from pytest_portable_errors.diagnosis.shown import short_name
from pytest_portable_errors.report.defect import Defect, is_built
from pytest_portable_errors.report.groups import Group
from pytest_portable_errors.report.rows import ADDED_LATER, DEPENDENCIES, MADE_BY_HOOK, is_own_item
from pytest_portable_errors.report.summary_line import BOLD, Line, count

TESTS = 3
"""Node IDs of a defect, and further classes that have it, that are named without -v."""
SCOPE_TEXTS = {
    "everywhere": "broken everywhere",
    "receiver": "the receiver lacks it",
    "without-project": "arrives only where the project is installed",
    "chain": "loses its chain",
}
"""What the summary says of each of ``SCOPES``."""
_MANY = 25
"""Groups that are told one by one, each with why and fix; where there are more, they are told by
cause."""
_FEW = 5  # groups of which the whole reason is told
_MOST_PLACES = 80  # lines for the places of all causes
_WIDTH = 100  # columns of lists of names
_WIDEST_NAME = 60


def groups_lines(groups: Sequence[Group], verbosity: int, *, command: str) -> Iterator[Line]:
    """The lines for all new defects.

    Args:
        groups: The worst first.
        verbosity: The count of -v less that of -q: below 0 gives a line for each cause, above 0
            each group's whole text.
        command: See ``Outcome.command``.
    """
    if verbosity < 0:
        yield from _cause_lines(groups)
    elif verbosity == 0 and len(groups) > _MANY:
        yield from _by_cause_lines(groups)
    else:
        width = max((len(group.name) for group in groups), default=0)
        for number, group in enumerate(groups, start=1):
            yield Line(f"{number}  {_headline(group, min(width, _WIDEST_NAME))}", BOLD)
            if verbosity > 0:
                yield from _whole_lines(group)
            else:
                yield from _reason(group, most=3 if len(groups) <= _FEW else 1)
                yield from _fix_line(group)
            yield from _others_line(group, verbosity)
            if verbosity > 0 or len(groups) <= _FEW or not selector(group.defects):
                yield from _tests_line(group, verbosity)
            if selector(group.defects):
                yield Line(f"   rerun: {command} {selector(group.defects)}")


def name_of(defect: Defect) -> str:
    """The name of the defect's class as people read it: without the module of a builtin."""
    return clean(short_name(defect.cls))


def _cause_lines(groups: Sequence[Group]) -> Iterator[Line]:
    """A line for each cause, with the classes that own its defects; more where they are many."""
    for cause, members in _by_cause(groups).items():
        names = ", ".join(dict.fromkeys(group.name for group in members))
        yield from map(
            Line,
            textwrap.wrap(
                f"  {clean(cause)}: {names}",
                _WIDTH,
                subsequent_indent="    ",
                break_long_words=False,
                break_on_hyphens=False,
            ),
        )


def _by_cause_lines(groups: Sequence[Group]) -> Iterator[Line]:
    """For each cause one reason and one fix, and a line for each place that is to be repaired."""
    places_left = _MOST_PLACES
    for cause, members in _by_cause(groups).items():
        first = members[0]
        if len(members) == 1:
            parts = (clean(cause), _classes_of(first), clean(first.place))
            yield Line("     ".join(filter(None, parts)), BOLD)
        else:
            number = count(len(members), "defect")
            yield Line(f"{clean(cause)}     {number}, such as {first.name}", BOLD)
        yield from _reason(first, most=2)
        yield from _fix_line(first)
        if len(members) == 1:
            continue
        shown = members[: max(places_left, 1)]
        places_left -= len(shown)
        width = min(max(len(group.place) for group in shown), _WIDEST_NAME)
        for group in shown:
            yield Line(f"   {clean(group.place):<{width}}  {_classes_of(group)}")
        if len(shown) < len(members):
            yield Line(f"   and {len(members) - len(shown):,} more, which -v names")


def _by_cause(groups: Iterable[Group]) -> dict[str, list[Group]]:
    """Cause -> its groups; the worst group first, and of the same cause by class and place."""
    by_cause: dict[str, list[Group]] = {}
    for group in groups:
        by_cause.setdefault(group.first.cause, []).append(group)
    return by_cause


def _classes_of(group: Group) -> str:
    """``litellm.exceptions.RateLimitError; also A, B, C and 8 more``; these without module."""
    others = [name.rpartition(".")[2] for name in group.others]
    more = f" and {len(others) - TESTS:,} more" if len(others) > TESTS else ""
    also = f"; also {', '.join(others[:TESTS])}{more}" if others else ""
    return f"{brief(group.name, 80)}{also}"


def _headline(group: Group, width: int) -> str:
    tests = [node for node in group.tests if not is_own_item(node)]
    are_built = all(is_built(way) or way == MADE_BY_HOOK for way in group.ways)
    if group.ways == {"by keyword"}:
        met_by = "only when built by keyword"
    elif tests:
        met_by = count(len(tests), "test")
    else:
        met_by = "met when built" if are_built else "raised"
    scope = SCOPE_TEXTS[group.first.scope]
    if all(way.endswith(ADDED_LATER) for way in group.ways):
        scope = "loses what is added later"
    parts = (scope, ", ".join(group.serializers), met_by, clean(group.place))
    return f"{group.name:<{width}}     {'     '.join(filter(None, parts))}"


def _whole_lines(group: Group) -> Iterator[Line]:
    detail = group.first.detail
    for line in [] if detail is None else detail["text"].splitlines()[1:]:
        if line:
            yield Line(f"   {line}".rstrip())


def _reason(group: Group, *, most: int) -> Iterator[Line]:
    """Why, in as many lines at most; the place stands in the headline."""
    detail = group.first.detail
    if detail is None:
        return
    why = (detail["why"] or detail["headline"]).replace(group.place or "\0", "")
    lines = [line.rstrip() for line in why.splitlines() if line.strip()]
    if most == 1:
        lines = [" ".join(map(str.strip, lines))]
    for number, line in enumerate(lines[:most]):
        yield Line(f"   {'why:' if number == 0 else '    '} {brief(line, 320)}")
    then = detail["trip"].get("then")  # reports of versions before 0.2 lack it
    if then:
        yield Line(f"   then: {brief(then, 320)}")


def _fix_line(group: Group) -> Iterator[Line]:
    detail = group.first.detail
    for fix in group.first.fixes[:1]:
        asked = "" if detail is None else detail["trip"]["receiver"]
        yield Line(f"   fix: {clean(fix.title)} ({tried(fix, asked)})")


def _others_line(group: Group, verbosity: int) -> Iterator[Line]:
    """A line that names the other classes which have the same defect; none if there are none."""
    others = group.others
    if others:
        shown = others if verbosity > 0 else others[:TESTS]
        more = f" and {len(others) - len(shown):,} more" if len(others) > len(shown) else ""
        # The class at fault may be whole itself, or known to the baseline.
        further = "more " if any(one.cls == group.owner for one in group.defects) else ""
        classes = count(len(others), f"{further}class", f"{further}classes")
        yield Line(f"   the same in {classes}: {', '.join(shown)}{more}")


def _tests_line(group: Group, verbosity: int) -> Iterator[Line]:
    """The tests that met it; none if it was met in built exceptions only."""
    tests = [node for node in group.tests if not is_own_item(node)]
    if tests:
        shown = tests if verbosity > 0 else tests[:TESTS]
        more = f" and {len(tests) - len(shown):,} more" if len(tests) > len(shown) else ""
        yield Line(f"   met by {', '.join(brief(clean(node), 200) for node in shown)}{more}")


def selector(defects: Sequence[Defect]) -> str:
    """The ``-k`` option that selects the tests which met a defect; empty if none can be given.

    It is not the node IDs, because those of this plugin's items are no paths that pytest finds.

    Args:
        defects: Those of one group; at least one.
    """
    own = dict.fromkeys(
        # The item of a library is named after that, and not after the class.
        node.removeprefix(DEPENDENCIES)
        if node.startswith(DEPENDENCIES)
        else defect.cls.rpartition(".")[2]
        for defect in defects
        for node in defect.tests
        if is_own_item(node)
    )
    tests = dict.fromkeys(
        re.sub(r"\[.*", "", node.rpartition("::")[2], flags=re.DOTALL)
        for defect in defects
        for node in defect.tests
        if not is_own_item(node)
    )
    names = list(own)[:TESTS]
    for test in tests:
        # What a name selects already need not be named.
        if len(names) < 2 * TESTS and not _selects((*own, *names), test):
            names.append(test)
    # A doctest's name is dotted.
    usable = [name for name in names if re.fullmatch(r"[\w.-]+", name) and name[0] not in "-."]
    return (
        f"-k {usable[0]}" if len(usable) == 1 else f'-k "{" or ".join(usable)}"' if usable else ""
    )


def _selects(names: Iterable[str], test: str) -> bool:
    """Whether ``-k`` with one of these names selects a test: it looks for a part, in any case."""
    return any(name.lower() in test.lower() for name in names)
