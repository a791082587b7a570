"""Groups of defects: what one change in one place repairs is told as one."""

from __future__ import annotations

import re
from collections.abc import Container, Iterable, Sequence
from dataclasses import dataclass

from pytest_portable_errors.diagnosis.printable import clean
from pytest_portable_errors.diagnosis.shown import short_name
from pytest_portable_errors.report.defect import Defect, worst_first

_PLACE = re.compile(r"(?:^|\s)(\S+\.py:\d+)$")


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """The defects with the same scope at the same line of code.

    Classes share one if they inherit the defect, or hold an exception that has it. What they lose
    by it may differ, and so may the cause.
    """

    defects: tuple[Defect, ...]
    """At least one, that of the class which owns the defect first, if it was met."""
    place: str
    """The line at fault, or where the first class begins: ``src/shop/errors.py:12``; empty if
    neither is known."""
    owner: str
    """Dotted name of the class in whose body that line is; where none is known, of the first."""

    @property
    def first(self) -> Defect:
        """The defect that is told for all."""
        return self.defects[0]

    @property
    def name(self) -> str:
        """The owner's name as people read it: without the module of a builtin."""
        return clean(short_name(self.owner))

    @property
    def others(self) -> tuple[str, ...]:
        """Names of the classes beside the owner, as people read them; with causes that differ."""
        names: dict[str, str] = {}
        for defect in self.defects:
            if defect.cls != self.owner:
                cause = "" if defect.cause == self.first.cause else f" ({clean(defect.cause)})"
                names.setdefault(defect.cls, f"{clean(short_name(defect.cls))}{cause}")
        return tuple(names.values())

    @property
    def tests(self) -> tuple[str, ...]:
        """Node IDs of the tests that met any of them, sorted."""
        return tuple(sorted({test for defect in self.defects for test in defect.tests}))

    @property
    def ways(self) -> frozenset[str]:
        """How the exceptions came about that showed any of them."""
        return frozenset(way for defect in self.defects for way in defect.ways)

    @property
    def serializers(self) -> tuple[str, ...]:
        """Names, each once."""
        return tuple(dict.fromkeys(name for defect in self.defects for name in defect.serializers))


def groups_of(defects: Iterable[Defect]) -> list[Group]:
    """Group defects; the worst first, as ``worst_first`` has it.

    A class of the project that inherits a library's defect is told apart from the library's own:
    it is repaired elsewhere.
    """
    defects = list(defects)
    files = {defect.detail["file"] for defect in defects if defect.detail is not None} - {""}
    by_place: dict[object, list[Defect]] = {}
    for defect in defects:
        place = _line_at_fault(defect)
        is_of_project = place.rpartition(":")[0] in files or defect.is_of_project
        key = (defect.scope, place, is_of_project) if place else id(defect)
        by_place.setdefault(key, []).append(defect)
    groups = [_group(members, files) for members in by_place.values()]
    return sorted(groups, key=lambda group: worst_first(group.first))


def _line_at_fault(defect: Defect) -> str:
    evidence = [] if defect.detail is None else defect.detail["trip"]["evidence"]
    return next((found[1] for text in evidence if (found := _PLACE.search(text))), "")


def _group(defects: Sequence[Defect], files: Container[str]) -> Group:
    # Where it is held by others, one of the project's own is told, and Python's last.
    in_order = sorted(
        defects,
        key=lambda defect: (not defect.is_of_project, defect.cls.startswith("builtins.")),
    )
    first = in_order[0]
    place = _line_at_fault(first)
    # The project repairs its own class, and not a library's that it inherits from.
    is_elsewhere = first.is_of_project and place.rpartition(":")[0] not in files
    owner = first.cls if is_elsewhere else first.owner
    in_order.sort(key=lambda defect: defect.cls != owner)
    detail = in_order[0].detail
    if not place and detail is not None and detail["file"]:
        place = f"{detail['file']}:{detail['line']}"
    return Group(defects=tuple(in_order), place=place, owner=owner)
