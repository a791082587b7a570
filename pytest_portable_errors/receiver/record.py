"""A plain-data description of an exception, made by the same code in the sender and in the
receiver.

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
from .described import ErrorRecord, Node, Record, subject_of

LINKS_KEPT = 1_000  # exceptions of a chain or group; of the rest their number and SHA-256 are kept
FRAMES_KEPT = 200  # of a traceback, the innermost

_Index = Callable[[Optional[BaseException]], Optional[int]]
_Memory = Dict[int, Tuple[int, BaseException]]


def describe(subject: object, traceback: bool = False, depth: int = values.DEPTH) -> Record:
    """Describe an exception, those it is chained to and, for a group, its members.

    ``subject`` may be any object: a value that makes the trip by itself, and what a payload turns
    into. ``traceback`` adds the frames. ``depth`` is how deep values are described at most: what
    was sent says how deep it was (``depth_of``), and what arrived is described no deeper. An
    exception that holds more than ``values.VALUES`` values is described less deep, so that
    everything near its surface is seen; the record then says so with ``"depth"``, as it does where
    a container was too long.
    """
    try:
        record = _describe_all(subject, traceback, values.Budget(depth, cuts=False))
        # Asking for texts may fill caches (pyparsing's do): the second look sees what every later
        # one will see, on both sides.
        if "value" not in subject_of(record):
            record = _describe_all(subject, traceback, values.Budget(depth))
    except values.TooMuch:
        return _describe_less(subject, traceback, depth)
    if depth != values.DEPTH:
        record["depth"] = depth
    return record


def is_cut(record: Record) -> bool:
    """Whether it holds more values than are described."""
    return "depth" in record


def depth_of(record: Record) -> int:
    """How deep its values are described."""
    depth: int = record.get("depth", values.DEPTH)
    return depth


def _describe_less(subject: object, traceback: bool, depth: int) -> Record:
    """Describe to the greatest depth at which there are few enough values.

    A cut after so many values would depend on the order of a set; the number of values down to a
    depth does not.
    """
    fitting = _describe_all(subject, traceback, values.Budget(1))
    fitting["depth"] = 1
    for deeper in range(2, depth):
        try:
            fitting = _describe_all(subject, traceback, values.Budget(deeper, cuts=False))
        except values.TooMuch:
            break
        fitting["depth"] = deeper
    return fitting


def outline(exc: BaseException) -> ErrorRecord:
    """What is said of an error beside the exception: its type and message, and nothing that it
    holds or is chained to."""
    return {
        "type": fields.type_name(type(exc)),
        "message": texts.comparable_text(texts.text_of(str, exc), False),
    }


def _describe_all(subject: object, traceback: bool, budget: values.Budget) -> Record:
    if not issubclass(type(subject), BaseException):
        return _with_depth({"exceptions": [_describe_value(subject, budget)]}, budget)
    memory: _Memory = {}
    waiting: deque[BaseException] = deque()

    def index(exc: Optional[BaseException]) -> Optional[int]:
        if exc is None:
            return None
        if id(exc) not in memory:
            memory[id(exc)] = (len(memory), exc)  # the reference keeps the id from being used again
            waiting.append(exc)
        return memory[id(exc)][0]

    index(subject)  # type: ignore[arg-type]  # issubclass above
    nodes: List[Node] = []
    rest, kept = 0, hashlib.sha256()
    while waiting:
        exc = waiting.popleft()
        if len(nodes) < LINKS_KEPT:
            nodes.append(_describe_one(exc, index, traceback, budget))
        else:
            rest += 1
            kept.update(canonical.digest(_outline(exc, index)).encode())
    record: Record = {"exceptions": nodes}
    if rest:
        record["more"] = {"length": rest, "sha256": kept.hexdigest()}
    return _with_depth(record, budget)


def _with_depth(record: Record, budget: values.Budget) -> Record:
    if budget.is_cut:
        record["depth"] = budget.depth
    return record


def _describe_value(subject: object, budget: values.Budget) -> Node:
    describer = values.Describer(budget)
    value = describer.value(subject)
    return {
        "type": fields.type_name(type(subject)),
        "importable": fields.is_importable(type(subject)),
        "value": value,
        "message": texts.comparable_text(texts.text_of(repr, subject), describer.unordered),
    }


def _describe_one(
    exc: BaseException, index: _Index, traceback: bool, budget: values.Budget
) -> Node:
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
    printed = None if cause is not None or suppressed else context
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
        "context": index(printed),
        "hides_context": context is not None and printed is None and cause is None,
    }
    # Only after the values is it known whether the text may show a set, whose order is chance.
    node["message"] = texts.comparable_text(message, describer.unordered)
    if traceback:
        node["traceback"] = list(_frames(fields.base_field(exc, "__traceback__")))
    return node


def _indices(members: Tuple[BaseException, ...], index: _Index) -> List[int]:
    return [number for number in map(index, members) if number is not None]


def _outline(exc: BaseException, index: _Index) -> List[object]:
    """What is still seen of an exception far down a chain: there may be a hundred thousand of
    them."""
    links = [fields.base_field(exc, name) for name in ("__cause__", "__context__")]
    return [
        fields.type_name(type(exc)),
        texts.text_of(str, exc),
        *map(index, links),
        *map(index, fields.members_of(exc) or ()),
    ]


def _frames(step: Optional[types.TracebackType]) -> Iterator[List[object]]:
    kept: deque[List[object]] = deque(maxlen=FRAMES_KEPT)  # the innermost say most
    while step is not None:
        code = step.tb_frame.f_code
        kept.append([code.co_filename, step.tb_lineno, code.co_name])
        step = step.tb_next
    return iter(kept)
