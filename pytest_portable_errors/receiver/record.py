"""Makes records: plain-data descriptions of exceptions, by the same code on both sides.

Two records are equal when the two exceptions are, for all that a reader of the error can see:
whatever the process, the hash seed or the order of a set. Records are JSON, bounded in size, and
total: an exception whose ``__str__`` raises has a record too. No user ``__eq__`` and no property is
called; ``str`` and ``repr`` are.

A record is ``{"exceptions": [node, ...]}``, the subject first. A node names the others that it
refers to by their index, so that chains of any length and cycles need no recursion.
"""

import hashlib
import types
from collections import deque
from typing import Callable, Dict, Iterator, List, Optional, Tuple

from . import canonical, fields, texts, values
from .budget import DEPTH, Budget, TooMuch
from .described import ErrorRecord, Node, Record, subject_of

LINKS_KEPT = 1_000  # exceptions of a chain or group; of further ones number and SHA-256 are kept
FRAMES_KEPT = 200  # frames of a traceback, the innermost

_Index = Callable[[Optional[BaseException]], Optional[int]]
_Numbers = Dict[int, Tuple[int, BaseException]]


def describe(subject: object, traceback: bool = False, depth: int = DEPTH) -> Record:
    """Describe an exception, those it is chained to and, for a group, its members.

    Args:
        subject: The exception; or any other object, because a value can make the trip by itself,
            and a payload can turn into anything.
        traceback: Whether to add the frames.
        depth: How deep values are described at most. What was sent says how deep it was
            (``depth_of``), and what arrived is described no deeper.

    Returns:
        The record. An exception that holds more than ``budget.VALUES`` values is described less
        deep, so that everything near its surface is seen; the record then has a ``"depth"``, as it
        has where a container was too long.

    Raises:
        KeyboardInterrupt: It may be the user's; whatever else foreign code raises is described.
    """
    try:
        record = _describe_all(subject, traceback, Budget(depth, cuts=False))
        # To make a text may fill caches (pyparsing's does): the second description is like every
        # later one, on both sides.
        if "value" not in subject_of(record):
            record = _describe_all(subject, traceback, Budget(depth))
    except TooMuch:
        return _describe_less(subject, traceback, depth)
    if depth != DEPTH:
        record["depth"] = depth
    return record


def is_cut(record: Record) -> bool:
    """Whether values may be missing: they are described less deep, or a container was too long."""
    return "depth" in record


def depth_of(record: Record) -> int:
    """How deep the values of a record are described at most."""
    depth: int = record.get("depth", DEPTH)
    return depth


def _describe_less(subject: object, traceback: bool, depth: int) -> Record:
    """Describe to the greatest depth at which there are few enough values.

    A cut after so many values would depend on the order of a set; the number of values down to a
    depth does not.
    """
    fitting = _describe_all(subject, traceback, Budget(1))
    fitting["depth"] = 1
    for deeper in range(2, depth):
        try:
            fitting = _describe_all(subject, traceback, Budget(deeper, cuts=False))
        except TooMuch:
            break
        fitting["depth"] = deeper
    return fitting


def outline(exc: BaseException) -> ErrorRecord:
    """Describe an error that stopped a trip: its type and message.

    Nothing that it holds or is chained to is described.
    """
    return {
        "type": fields.type_name(type(exc)),
        "message": texts.comparable_text(texts.text_of(str, exc), False),
    }


def _describe_all(subject: object, traceback: bool, budget: Budget) -> Record:
    if not issubclass(type(subject), BaseException):
        return _with_depth({"exceptions": [_describe_value(subject, budget)]}, budget)
    numbers: _Numbers = {}
    waiting: deque[BaseException] = deque()

    def index(exc: Optional[BaseException]) -> Optional[int]:
        """The number of an exception, which gets its node when its turn comes."""
        if exc is None:
            return None
        if id(exc) not in numbers:
            numbers[id(exc)] = (len(numbers), exc)  # the reference keeps the id from being reused
            waiting.append(exc)
        return numbers[id(exc)][0]

    index(subject)  # type: ignore[arg-type]  # issubclass above
    nodes: List[Node] = []
    further, outlines = 0, hashlib.sha256()
    while waiting:
        exc = waiting.popleft()
        if len(nodes) < LINKS_KEPT:
            nodes.append(_describe_exception(exc, index, traceback, budget))
        else:
            further += 1
            outlines.update(canonical.digest(_outline(exc, index)).encode())
    record: Record = {"exceptions": nodes}
    if further:
        record["more"] = {"length": further, "sha256": outlines.hexdigest()}
    return _with_depth(record, budget)


def _with_depth(record: Record, budget: Budget) -> Record:
    if budget.is_cut:
        record["depth"] = budget.depth
    return record


def _describe_value(subject: object, budget: Budget) -> Node:
    """The node of a subject that is no exception."""
    describer = values.Describer(budget)
    value = describer.value(subject)
    return {
        "type": fields.type_name(type(subject)),
        "importable": fields.is_importable(type(subject)),
        "value": value,
        "message": texts.comparable_text(texts.text_of(repr, subject), describer.unordered),
    }


def _describe_exception(exc: BaseException, index: _Index, traceback: bool, budget: Budget) -> Node:
    describer = values.Describer(budget)
    message = texts.text_of(str, exc)
    args, members = fields.base_field(exc, "args"), fields.members_of(exc)
    attributes = fields.attributes_of(exc)
    for name in ("exceptions", "_exceptions") if members is not None else ():
        attributes.pop(name, None)
    cause, context, suppressed = (
        fields.base_field(exc, name)
        for name in ("__cause__", "__context__", "__suppress_context__")
    )
    printed_context = None if cause is not None or suppressed else context
    notes = fields.dict_of(exc).get("__notes__")
    node: Node = {
        "type": fields.type_name(type(exc)),
        "importable": fields.is_importable(type(exc)),
        # A group passes its members to __new__, so they stand in args too; they are compared as
        # members.
        "args": describer.value(args[:1] + args[2:] if members is not None else args),
        "attributes": describer.named(attributes),
        "base_fields": fields.base_fields(type(exc)),
        "notes": None if notes is None else describer.value(notes),
        "members": None if members is None else _indices(members, index),
        "cause": index(cause),
        "context": index(printed_context),
        "hides_context": context is not None and printed_context is None and cause is None,
    }
    # After the values, because only they tell whether the text may show a set, whose order is
    # chance.
    node["message"] = texts.comparable_text(message, describer.unordered)
    if traceback:
        node["traceback"] = list(_frames(fields.base_field(exc, "__traceback__")))
    return node


def _indices(members: Tuple[BaseException, ...], index: _Index) -> List[int]:
    return [number for number in map(index, members) if number is not None]


def _outline(exc: BaseException, index: _Index) -> List[object]:
    """What is digested of an exception past ``LINKS_KEPT``: its type, text and links.

    It is little, because there may be a hundred thousand of them.
    """
    links = [fields.base_field(exc, name) for name in ("__cause__", "__context__")]
    return [
        fields.type_name(type(exc)),
        texts.text_of(str, exc),
        *map(index, links),
        *map(index, fields.members_of(exc) or ()),
    ]


def _frames(step: Optional[types.TracebackType]) -> Iterator[List[object]]:
    frames: deque[List[object]] = deque(maxlen=FRAMES_KEPT)  # the innermost tell most
    while step is not None:
        code = step.tb_frame.f_code
        frames.append([code.co_filename, step.tb_lineno, code.co_name])
        step = step.tb_next
    return iter(frames)
