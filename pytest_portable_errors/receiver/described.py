"""What descriptions are made of: the types of records, of their nodes and values, and of answers.

Plain data, because it travels as JSON. ``record.py`` and ``values.py`` make it.
"""

import enum
from typing import Dict, List, Optional, Tuple, TypedDict


class Stage(enum.Enum):
    """Where a trip ended."""

    DUMPS = "dumps"
    LOADS = "loads"
    TIMED_OUT = "timed-out"
    CRASHED = "crashed"
    ARRIVED = "arrived"


Name = Tuple[str, str]
"""A module and a qualified name, as a payload has them."""

Missing = Tuple[str, str, Optional[str]]
"""A name of a payload that the receiver lacks: module, qualified name, and the module whose import
failed (None: it is there)."""


class Value(TypedDict, total=False):
    """A described value: its type, and one of ``text``, ``items``, ``pairs``, ``attributes``."""

    type: str
    text: str
    """What ``repr`` says; of an enum's member its name. Of a message, what ``str`` says."""
    words: str
    """SHA-256 of the text's words in any order, where a set may show in it."""
    items: List["Value"]
    """Of a list, tuple or set."""
    pairs: List[List["Value"]]
    """Of a dict: key and item."""
    attributes: Dict[str, "Value"]
    args: "Value"
    """Of an exception that is a value."""
    message: "Value"
    """Likewise."""
    length: int
    """Characters, bytes or items in all, where not all are here."""
    sha256: str
    """Of the whole, where not all of it is here."""
    raises: str
    """Type of what its own code raised."""
    again: int
    """It contains itself: so many levels up."""
    deeper: bool
    """It lies too deep to be described."""


class More(TypedDict):
    """The exceptions of a chain past ``LINKS_KEPT``."""

    length: int
    sha256: str


class Node(TypedDict, total=False):
    """One exception of a record; or, alone in a record, a value that is no exception."""

    type: str
    importable: bool
    """Whether its module holds it under its name."""
    message: Value
    value: Value
    """Of what is no exception; the keys below are then absent."""
    args: Value
    attributes: Dict[str, Value]
    base_fields: List[str]
    """Attributes that its built-in base keeps in C, in this version of Python."""
    notes: Optional[Value]
    members: Optional[List[int]]
    """Indices of a group's members; None if it is no group."""
    cause: Optional[int]
    """Index of ``__cause__``."""
    context: Optional[int]
    """Index of ``__context__``, if Python would print it."""
    hides_context: bool
    """Whether there is a context that Python would not print."""
    traceback: List[List[object]]
    """``[file, line, function]``, if it was asked for."""


class _Record(TypedDict):
    exceptions: List[Node]
    """The subject first. Nodes refer to each other by index."""


class Record(_Record, total=False):
    """An exception, what it is chained to and, of a group, its members; or one value."""

    more: More
    depth: int
    """How deep values are described, if that is less deep than usual."""


class ErrorRecord(TypedDict, total=False):
    """An error that stopped a trip."""

    type: str
    message: Value
    module: Optional[str]
    """The module that could not be imported."""
    raised_for: str
    """Type of the error that it was raised for."""


class Answer(TypedDict, total=False):
    """What a receiver answers to a payload."""

    stage: str
    """How far it came: a value of ``Stage``; or ``loader`` or ``setup``, where the receiver is not
    made as it has to be."""
    record: Record
    """What arrived."""
    error: ErrorRecord
    """What stopped it."""
    missing: List[Missing]
    how: str
    """How the receiver's process ended."""
    opcode: int
    """The number of the opcode at which loads failed, if that was asked for."""
    setup: str
    """The start-up call that raised."""


def subject_of(record: Record) -> Node:
    """The exception, or the value, that a record describes."""
    return record["exceptions"][0]
