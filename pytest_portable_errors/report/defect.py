"""A defect of a run: what people are told once, however often it was met."""

from __future__ import annotations

from dataclasses import dataclass, field

from pytest_portable_errors.building.calls import WAYS
from pytest_portable_errors.diagnosis.findings import Fix
from pytest_portable_errors.report.fixes import fixes_of
from pytest_portable_errors.report.rows import ADDED_LATER, Detail, Finding, Row

SCOPES = ("everywhere", "receiver", "without-project", "chain")
"""Where an exception is lost (``Finding.scope``), the worst first."""


@dataclass(slots=True, kw_only=True)
class Defect:
    """A defect: one class and one cause, however many tests and serializers met it."""

    cls: str
    cause: str
    scope: str = SCOPES[-1]
    """The worst of ``SCOPES`` in which it was met."""
    kinds: set[str] = field(default_factory=set)
    """What was lost: ``message``, ``chain``..."""
    serializers: dict[str, None] = field(default_factory=dict)
    """Names, in the order in which they met it; likewise ``receivers`` and ``ways``."""
    receivers: dict[str, None] = field(default_factory=dict)
    tests: dict[str, None] = field(default_factory=dict)
    """Node IDs, sorted."""
    ways: dict[str, None] = field(default_factory=dict)
    """How the exceptions came about that showed it: ``raised``, or how they were built."""
    is_known: bool = True
    """Whether the baseline has all of it."""
    detail: Detail | None = None
    """What people read of it; None if no process has told it in full."""

    @property
    def owner(self) -> str:
        """Dotted name of the class in whose body it lies; the class itself where none is known."""
        owner = "" if self.detail is None else self.detail.get("owner", "")
        return owner or self.cls

    @property
    def is_held(self) -> bool:
        """Whether the owner is the class of an exception that this one only holds."""
        return self.detail is not None and self.detail.get("is_held", False)

    @property
    def is_of_project(self) -> bool:
        """Whether the class is defined below the project's root."""
        return self.detail is not None and bool(self.detail["file"])

    @property
    def fixes(self) -> list[Fix]:
        """Changes that were tried, the best first."""
        return fixes_of(self.detail)

    def add(self, nodeid: str, row: Row, finding: Finding) -> None:
        """Add one of its findings, which a test has met."""
        self.scope = min(self.scope, finding["scope"], key=SCOPES.index)
        self.kinds.update(finding["kinds"])
        self.serializers[finding["serializer"]] = None
        self.receivers[finding["receiver"]] = None
        self.tests[nodeid] = None
        self.ways[row["how"]] = None
        self.is_known = self.is_known and finding["is_known"]


def worst_first(defect: Defect) -> tuple[int, str, str]:
    """Key that sorts defects: by scope, the worst first, then by class and cause."""
    return SCOPES.index(defect.scope), defect.cls, defect.cause


def is_built(how: str) -> bool:
    """Whether an exception was built, and neither a test nor a suite raised it."""
    return how in WAYS or how.endswith(ADDED_LATER)
