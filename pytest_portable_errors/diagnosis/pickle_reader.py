"""Reads a pickle without running it.

The opcodes of protocols 0 to 5 are followed symbolically: a global becomes a name, a call a
``Call``; nothing is imported and nothing is called. Reading ends where pickletools fails, or after
``OPCODES``, because an error may hold a whole parser; what was read until then is kept.
"""

from __future__ import annotations

import contextlib
import functools
import pickletools
from dataclasses import dataclass

from pytest_portable_errors.diagnosis.pickle_machine import Call, Global, Machine


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What the opcodes of a payload tell."""

    names: tuple[Global, ...]
    """What loads would import, in that order, each once."""
    calls: tuple[Call, ...]
    """What loads would call, in that order."""
    root: object = None
    """What the payload ends in: usually the Call that makes the exception. None also if reading
    ended with an error."""
    error: str | None = None
    """Why reading ended early, as ``TypeName: message``; None if it did not."""
    is_cut: bool = False
    """Whether reading ended after ``OPCODES``; ``root`` is then what the payload would be if all
    open containers and calls ended there."""


def read(payload: bytes) -> Reading:
    """Follow the opcodes of a payload.

    Args:
        payload: Bytes; what is no pickle gives a reading with an ``error``.

    Returns:
        What was read. Readings of short payloads are cached: callers share them, and change
        nothing in them.
    """
    opcodes = content(payload)
    return _cached_reading(opcodes) if len(opcodes) <= _LONGEST_CACHED else _follow(opcodes)


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One opcode and what it would have made: where loads failed."""

    opcode: str
    """Its name in ``pickletools.opcodes``."""
    subject: Global | Call
    """The Global that it would import, the Call that it would make, or the Call whose state it
    would restore."""
    root: object
    """What the payload ends in; ``subject`` is the very object that lies somewhere in it."""


def step_at(payload: bytes, number: int) -> Step | None:
    """The opcode of a payload at a number, with what it would make.

    Args:
        payload: A pickle.
        number: The opcode's number, counted from 0.

    Returns:
        None if the opcode leaves neither a name nor a call on the stack, if it lies past
        ``OPCODES``, or if the payload cannot be read.
    """
    machine = Machine()
    step: tuple[str, Global | Call] | None = None
    # pickletools raises exceptions of many types where a payload is malformed.
    with contextlib.suppress(Exception):
        opcodes = enumerate(pickletools.genops(payload))
        # The loop ends with STOP, or genops raises.
        for position, (opcode, argument, _) in opcodes:  # pragma: no branch
            if opcode.name == "STOP" or position >= OPCODES:
                root = machine.closed() if opcode.name != "STOP" else machine.stack[-1]
                return None if step is None else Step(opcode=step[0], subject=step[1], root=root)
            machine.step(opcode.name, argument)
            if position == number:
                top = machine.stack[-1] if machine.stack else None
                step = (opcode.name, top) if isinstance(top, (Global, Call)) else None
    return None


def content(payload: bytes) -> bytes:
    """The payload without the two bytes that name protocol 4 or 5, which are read alike.

    Payloads of other protocols are returned as they are.
    """
    return payload[2:] if payload[:2] in (b"\x80\x04", b"\x80\x05") else payload


def protocol_of(payload: bytes) -> str:
    """The protocol of a payload, ``"4"``; ``"0 or 1"`` where no PROTO opcode names it (PEP 307)."""
    return str(payload[1]) if payload[:1] == b"\x80" and len(payload) > 1 else "0 or 1"


# The payloads of pickle and of cloudpickle are mostly equal, so that the second is not read again.
@functools.lru_cache(maxsize=128)
def _cached_reading(payload: bytes) -> Reading:
    return _follow(payload)


OPCODES = 7_500
"""Opcodes that are read of one payload; an error of openai's with its request has 400."""
_LONGEST_CACHED = 65_536  # bytes of a payload whose reading is cached


def _follow(payload: bytes) -> Reading:
    machine = Machine()
    root, error, is_cut = None, None, False
    try:
        opcodes = enumerate(pickletools.genops(payload))
        # The loop ends with STOP, or genops raises.
        for number, (opcode, argument, _) in opcodes:  # pragma: no branch
            is_cut = number >= OPCODES
            if opcode.name == "STOP" or is_cut:
                root = machine.closed() if is_cut else machine.stack[-1]
                break
            machine.step(opcode.name, argument)
    except Exception as problem:  # pickletools raises many types where a payload is malformed
        error = f"{type(problem).__name__}: {problem}"
    return Reading(
        names=tuple(machine.names),
        calls=tuple(machine.calls),
        root=root,
        error=error,
        is_cut=is_cut,
    )
