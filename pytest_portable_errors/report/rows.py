"""Rows: the results of a run as plain data.

pytest's reports carry them, also through pytest-xdist, and files of them are merged. Names are
dotted, texts are clean (``diagnosis/printable.py``), and no path of the machine is in them.
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
MADE_BY_HOOK = "by pytest_portable_errors_instances"
"""How an exception came about that the project made for its class."""
ADDED_LATER = "with a note and an attribute added later"
"""How the survey's last variant of a class came about; stands after how it was built."""

DEPENDENCIES = "portable-errors/dependencies::"
"""How the node ID of an item begins that surveys one of the project's dependencies."""

_OWN_ITEM = re.compile(r"portable-errors(/\w+|-golden)?::")


def is_own_item(nodeid: str) -> bool:
    """Whether an item is a case of this plugin: ``portable-errors::shop.errors.PaymentError``.

    A folder of tests may be named like that too: its node IDs go on with ``/`` and a file.
    """
    return _OWN_ITEM.match(nodeid) is not None


def is_surveyed_item(nodeid: str) -> bool:
    """Whether an item is the case of a surveyed class, and not of a suite's."""
    return is_own_item(nodeid) and nodeid.startswith("portable-errors::")


class Verdict(enum.Enum):
    """What became of an exception on one trip, and whose concern it is."""

    WHOLE = "whole"
    DEFECT = "defect"
    LACKS_PROJECT = "receiver"
    """It arrives only where the project is installed, and it is undecided whether it is."""
    DROPS_CHAIN = "chain"
    """It arrives without its chain, which plain pickle drops, and it is undecided whether the chain
    is needed."""
    NOT_SET_UP = "setup"
    """Something was not set up in the receiver that has to be, as ``django.setup()`` does it."""
    LOSES_ADDITIONS = "additions"
    """A surveyed class loses nothing but what is added after it was made, and nobody asked for
    that (``additions`` in the checks)."""
    OTHER_ARGS = "args"
    """A class that is not the project's arrives with other ``args``, and all else as it was."""
    OF_TESTS = "tests"
    """A test defines its class, or made what it holds: no receiver has that, and only the test
    raises it."""
    NOT_CHECKED = "not-checked"
    """A limit of this plugin kept it from being checked, which is no defect."""
    OF_PYTHON = "python"
    """Python itself drops a field of a class of its own, or made the class to end a process, as
    SystemExit: nobody can repair that."""


DECISIONS = (Verdict.LACKS_PROJECT, Verdict.DROPS_CHAIN, Verdict.NOT_SET_UP)
"""What a project decides once."""
HARMLESS = (Verdict.LOSES_ADDITIONS, Verdict.OTHER_ARGS)
"""What is told in one line, and fails nothing."""


class Finding(TypedDict):
    """The result of one trip."""

    verdict: str
    """Value of a ``Verdict``."""
    cause: str
    """Empty if it arrived whole."""
    kinds: list[str]
    """What was lost: ``message``, ``chain``...; [] if nothing."""
    serializer: str
    receiver: str
    """Its name; of an interpreter's path the last part."""
    scope: str
    """Where it is lost: ``everywhere``, ``without-project``, ``receiver`` (this one lacks
    something) or ``chain``."""
    is_known: bool
    """Whether the baseline has all that was lost."""
    whole_with_project: bool
    """Whether the payload was also sent to where the project is installed, and arrived whole
    there."""


class Row(TypedDict):
    """The results of one exception, or of several with equal results."""

    cls: str
    how: str
    """``raised``, or how it was built."""
    count: int
    """How many exceptions, at least 1."""
    findings: list[Finding]
    credentials: list[list[str]]
    """Path and kind of each."""


class Detail(TypedDict):
    """A defect in full, as people read it; each process sends it once."""

    cls: str
    cause: str
    how: str
    """How the exception came about that is described: ``raised``, or how it was built."""
    test: str
    """Node ID of the test that met it; empty until the test's report is read."""
    headline: str
    """First line of the failure's text."""
    why: str
    """Empty if no rule explains it."""
    fixes: list[dict[str, Any]]
    """Fields of each ``Fix``, the best first."""
    file: str
    """Where the class is defined, from the root; empty if that is unknown, or outside the root."""
    line: int
    """0 without a file."""
    owner: str
    """Dotted name of the class in whose body the defect lies: the class, or one that it inherits
    from, or that of an exception that it holds. Reports of versions before 0.2 lack it."""
    is_held: bool
    """Whether the owner is the class of an exception that this one holds."""
    text: str
    """The failure's text."""
    trip: dict[str, Any]
    """``RoundTrip.to_dict()``."""


class _NotLookedAt(TypedDict, total=False):
    """A key that reports of versions before 0.2 lack."""

    declared_lost: list[list[str]]
    """Class and path of what it leaves behind on purpose, each once."""
    not_looked_at: list[list[str]]
    """Class and what lies past a limit, once for each exception."""
    made_again: list[list[str]]
    """Class and how its check's process ended, once for each check that was made once more because
    somebody else had ended its process."""
    not_imported: list[list[str]]
    """Module whose classes were not surveyed, and why it could not be imported; "" where nothing
    imports it."""


class Entries(_NotLookedAt):
    """The results of one phase of a test."""

    rows: list[Row]
    details: list[Detail]
    not_checked: list[list[str]]
    """Class and reason."""
    ignored: list[str]
    """Classes that settings leave out."""
    expected: list[str]
    """Names under which changes of type are declared that cover a class which was raised or
    surveyed."""
    troubles: list[str]
    """Why nothing could be sent: a receiver cannot start, or is not made as it has to be."""


def junit_properties(entries: Entries) -> Iterable[tuple[str, object]]:
    """Properties of a test in JUnit's XML: ``("portable_errors", "class: cause")`` per defect."""
    defects = (
        (row["cls"], finding["cause"])
        for row in entries["rows"]
        for finding in row["findings"]
        if finding["verdict"] == "defect"
    )
    return [("portable_errors", f"{cls}: {cause}") for cls, cause in dict.fromkeys(defects)]
