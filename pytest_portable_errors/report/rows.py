"""What a run finds, as plain data: reports carry it, also through pytest-xdist, and files of it are
merged.

Names are dotted, texts clean; there are no paths of the machine.
"""

from __future__ import annotations

import enum
import re
from collections.abc import Iterable
from typing import Any, TypedDict

UNEXPLAINED = "unexplained"
"""The cause of a loss that no rule explains."""
RAISED = "raised"
"""How an exception came about that a test raised."""

ADDED_LATER = "with a note and an attribute added later"
"""How the survey's last variant of a class came about, after how it was built."""

_OWN_ITEM = re.compile(r"portable-errors(/\w+)?::")


def is_own_item(nodeid: str) -> bool:
    """Whether an item is a case of ours: ``portable-errors::shop.errors.PaymentError``. A folder
    may bear the same name."""
    return _OWN_ITEM.match(nodeid) is not None


class Verdict(enum.Enum):
    """What became of an exception on one trip, and whose concern it is."""

    WHOLE = "whole"
    DEFECT = "defect"
    LACKS_PROJECT = "receiver"
    """It arrives only where the project is installed, and nobody has said yet whether it is."""
    DROPS_CHAIN = "chain"
    """It arrives without its chain, as by plain pickle, and nobody has said yet whether the chain
    is needed."""
    OF_TESTS = "tests"
    """A test defines it, or what it holds, so that no receiver has it, and nothing but the test
    raises it."""
    OF_PYTHON = "python"
    """Python itself drops a field of a class of its own, which nobody can repair."""


class Finding(TypedDict):
    """What one trip came to."""

    verdict: str
    """Value of a ``Verdict``."""
    cause: str
    """Empty if it arrived whole."""
    kinds: list[str]
    """What was lost."""
    serializer: str
    receiver: str
    scope: str
    """Where it is lost: ``everywhere``, ``without-project``, ``receiver`` (this one lacks
    something) or ``chain``."""
    is_known: bool
    """Whether it is in the baseline."""
    whole_with_project: bool
    """Whether it was sent to where the project is installed besides, and arrived whole there."""


class Row(TypedDict):
    """What became of one exception, or of several that fared alike."""

    cls: str
    how: str
    """``raised``, or how it was built."""
    count: int
    findings: list[Finding]
    credentials: list[list[str]]
    """Path and kind of each."""


class Detail(TypedDict):
    """A defect as people read of it. Sent once by each process."""

    cls: str
    cause: str
    how: str
    """How the exception came about that it tells of."""
    test: str
    """Node ID of the test that met it; empty until the test's report is read."""
    headline: str
    why: str
    fixes: list[dict[str, Any]]
    file: str
    """Where the class is defined, seen from the root; empty if that is not known, or lies
    elsewhere."""
    line: int
    """0 without a file."""
    text: str
    trip: dict[str, Any]


class _NotLookedAt(TypedDict, total=False):
    """Reports of before 0.2 have none."""

    not_looked_at: list[list[str]]
    """Class and what there was too much of, once for each exception."""


class Entries(_NotLookedAt):
    """What one phase of a test adds to the whole."""

    rows: list[Row]
    details: list[Detail]
    not_checked: list[list[str]]
    """Class and reason."""
    ignored: list[str]
    """Classes that settings leave out."""
    expected: list[str]
    """Names under which changes of type are declared, of classes that were met or found."""
    troubles: list[str]
    """Why nothing could be sent: a receiver that cannot start, or is not made as it has to be."""


def junit_properties(entries: Entries) -> Iterable[tuple[str, object]]:
    """What a test's defects are in JUnit's XML: ``(name, class: cause)`` for each, once."""
    found = (
        (row["cls"], finding["cause"])
        for row in entries["rows"]
        for finding in row["findings"]
        if finding["verdict"] == "defect"
    )
    return [("portable_errors", f"{cls}: {cause}") for cls, cause in dict.fromkeys(found)]
