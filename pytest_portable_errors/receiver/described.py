"""The types of records, of their nodes and values, and of answers.

They are plain data, because they travel as JSON; a key that does not apply is absent. ``record.py``
and ``values.py`` make records, ``check.py`` makes answers.
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
"""A module, and a qualified name in it, that a payload imports."""

Missing = Tuple[str, str, Optional[str]]
"""A name of a payload that the receiver lacks: module, qualified name, and the module whose import
failed. None: the module is there, and the name is not in it."""


class Value(TypedDict, total=False):
    """A described value: its type and its content; or a text by itself, without a type."""

    type: str
    """``module.qualname`` of its class."""
    text: str
    """What ``repr`` returns; of a huge integer hexadecimal digits; of an enum's member, a class, a
    function or a module its name. Of a message, what ``str`` returns."""
    words: str
    """SHA-256 of the text's words in any order, where a set may show in it."""
    items: List["Value"]
    """Of a list, tuple or set, the first ``ITEMS_KEPT``; of an enum's member its value."""
    pairs: List[List["Value"]]
    """Of a dict, the first ``ITEMS_KEPT``: key and item."""
    attributes: Dict[str, "Value"]
    """What it stores beside the content of a built-in type: its ``__dict__`` and slots."""
    args: "Value"
    """Of an exception that is a value: its ``args``."""
    message: "Value"
    """Of an exception that is a value: what ``str`` returns."""
    length: int
    """Characters, bytes or items in all, where not all are here."""
    sha256: str
    """Digest of the whole, where not all of it is here."""
    raises: str
    """Type of what its own code raised."""
    again: int
    """It contains itself: this is the value that many levels up."""
    deeper: bool
    """It lies too deep, or past the budget, and is not described."""


class More(TypedDict):
    """The exceptions of a chain or group past ``LINKS_KEPT``."""

    length: int
    """How many they are."""
    sha256: str
    """Digest of their outlines."""


class Node(TypedDict, total=False):
    """One exception of a record; or, alone in a record, a value that is no exception."""

    type: str
    """``module.qualname`` of its class."""
    importable: bool
    """Whether the class is what its module holds under its name."""
    message: Value
    """What ``str`` returns; of a value that is no exception, ``repr``."""
    value: Value
    """The value that is no exception; the keys below are then absent."""
    args: Value
    """Its ``args``; a group's without the members."""
    attributes: Dict[str, Value]
    """Its ``__dict__``, slots and fields of C types."""
    base_fields: List[str]
    """Names of the attributes that its built-in bases keep in C, in this version of Python."""
    notes: Optional[Value]
    """Its ``__notes__`` (PEP 678); None if it has none."""
    members: Optional[List[int]]
    """Indices of a group's members; None if it is no group."""
    cause: Optional[int]
    """Index of ``__cause__``; None if it has none."""
    context: Optional[int]
    """Index of ``__context__``; None if it has none, or Python would not print it."""
    hides_context: bool
    """Whether there is no cause, and a context that Python would not print."""
    traceback: List[List[object]]
    """``[file, line, function]`` of the innermost ``FRAMES_KEPT`` frames, if asked for."""


class _Record(TypedDict):
    exceptions: List[Node]
    """The subject first. Nodes refer to each other by index."""


class Record(_Record, total=False):
    """An exception, what it is chained to and, of a group, its members; or one value."""

    more: More
    """What is past ``LINKS_KEPT`` exceptions."""
    depth: int
    """How deep values are described, if that is less deep than usual, or if a container was too
    long to be described or digested."""


class ErrorRecord(TypedDict, total=False):
    """An error that stopped a trip."""

    type: str
    """``module.qualname`` of its class."""
    message: Value
    """What ``str`` returns."""
    module: Optional[str]
    """``name`` of an ImportError, the module that could not be imported; of a NameError, the name
    that is not defined; of an AttributeError, the module that lacks the attribute. None for other
    errors."""
    python: Tuple[int, int]
    """Of what stopped loads: major and minor version of the receiver's Python."""
    file: str
    """Of a SyntaxError: the file that could not be compiled."""
    raised_for: str
    """Type of the error that is its cause or context."""


class About(TypedDict, total=False):
    """A class as the receiver has it."""

    parameters: str
    """Of its ``__init__``, as ``inspect`` writes them; empty if it has none that can be read."""
    required: List[Tuple[str, bool]]
    """Names of those that have no default, each with whether it takes a keyword alone."""
    defaults: Dict[str, str]
    """Plain defaults of its parameters and fields, as Python writes them."""
    sets: List[str]
    """Names of the attributes that its constructors set, and of its declared fields."""
    setstate: str
    """Full name of the class whose ``__setstate__`` it has; empty: none."""
    members: List[str]
    """Names of an enum's members."""


class Today(TypedDict, total=False):
    """What the receiver's code expects of a payload: see ``earlier.py``."""

    bases: List[str]
    """Full names of the bases of its class, nearest first, without ``object``."""
    lacks: List[str]
    """Paths of attributes that constructors set, and that are not there: ``exc.code``,
    ``exc.args[0].currency``."""
    sets: List[str]
    """Names of the attributes that the constructors of its class set, and of its fields."""
    setstate: str
    """Full name of the class whose ``__setstate__`` it has; empty: none."""
    aliases: Dict[str, str]
    """Names of the payload under which the receiver has a class of another name, with that name."""
    owners: List[str]
    """For each of ``lacks`` the class whose attribute it is."""
    classes: Dict[str, About]
    """The classes that matter, by their full names: those of ``owners``; or those that the payload
    names, if loads failed."""
    found: Dict[str, List[str]]
    """If loads failed: by the names that are not there where today's code may have them, as
    ``module:qualname``."""


class Again(TypedDict, total=False):
    """What became of what arrived when the receiver pickled it again."""

    payload: str
    """As base64."""
    error: ErrorRecord
    """What dumps raised."""


class Answer(TypedDict, total=False):
    """What a receiver tells of a payload."""

    stage: str
    """How far it came: a value of ``Stage``; or ``loader`` where what the serializer needs cannot
    be imported, ``setup`` where a call of the consumer's start-up raised."""
    record: Record
    """What arrived; None after a replay, which describes nothing."""
    error: ErrorRecord
    """What stopped it."""
    missing: List[Missing]
    """Of a payload that loads cannot rebuild: its names that the receiver lacks."""
    how: str
    """How the receiver's process ended, or why it was given up."""
    is_describing: bool
    """Of a payload that took too long: whether loads had ended, and what arrived was described."""
    ended_before: str
    """How the process ended that made this check before, if one did: somebody else had ended it,
    because this one did not."""
    opcode: int
    """The number of the opcode at which loads failed, if that was asked for."""
    setup: str
    """``module:callable`` of the start-up call that raised."""
    again: Again
    """What the receiver made of what arrived for a second hop, if that was asked for."""
    today: Today
    """What today's code expects of what arrived, if that was asked for."""


def subject_of(record: Record) -> Node:
    """The exception, or the value, that a record describes."""
    return record["exceptions"][0]


def is_exception(record: Record) -> bool:
    """Whether a record describes an exception; it describes a value else."""
    return "args" in subject_of(record)
