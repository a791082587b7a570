"""Reads a pickle without running it.

The opcodes are followed symbolically: a global becomes a name, a call a ``Call``; nothing is
imported and nothing is called. Protocols 0 to 5; what pickletools cannot read any further ends the
reading, and what was read until there is kept. So is what was read of a payload that is longer than
anybody wants to wait for: an error may hold a whole parser.
"""

from __future__ import annotations

import contextlib
import functools
import pickletools
from dataclasses import dataclass

from pytest_portable_errors.diagnosis.pickle_machine import Call, Global, Machine


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What the opcodes tell."""

    names: tuple[Global, ...]
    """What loads would import, in its order, each once."""
    calls: tuple[Call, ...]
    """What loads would call, in its order."""
    root: object = None
    """What it all ends in: usually the Call that makes the exception. None if the reading did not
    come to an end."""
    error: str | None = None
    """Why the reading ended early, None if it did not."""
    is_cut: bool = False
    """Whether it ended after ``OPCODES``; then ``root`` is as if all that was open ended there."""


def read(payload: bytes) -> Reading:
    """Follow the opcodes of a payload. Never raises: what is no pickle has no names and no
    calls."""
    same = content(payload)
    return _read_again(same) if len(same) <= _KEPT else _follow(same)


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One opcode, and what it would have made: where a loads that failed had come to."""

    opcode: str
    subject: Global | Call
    """The Global that it would import, the Call that it would make, or the Call whose state it
    would restore."""
    root: object
    """What the payload ends in, read in the same turn: ``subject`` lies somewhere in it."""


def step_at(payload: bytes, number: int) -> Step | None:
    """The opcode of that number, counted from 0; None if it makes nothing, lies past ``OPCODES``,
    or the payload cannot be read."""
    machine = Machine()
    found: tuple[str, Global | Call] | None = None
    # pickletools raises whatever a malformed payload leads it to
    with contextlib.suppress(Exception):
        # pragma: no branch  # ends with STOP, or raises
        for position, (opcode, argument, _) in enumerate(pickletools.genops(payload)):
            if opcode.name == "STOP" or position >= OPCODES:
                root = machine.closed() if opcode.name != "STOP" else machine.stack[-1]
                return None if found is None else Step(opcode=found[0], subject=found[1], root=root)
            machine.step(opcode.name, argument)
            if position == number:
                made = machine.stack[-1] if machine.stack else None
                found = (opcode.name, made) if isinstance(made, (Global, Call)) else None
    return None


def content(payload: bytes) -> bytes:
    """The payload without the two bytes that name its protocol, where that makes no difference: 4
    and 5 are read alike."""
    return payload[2:] if payload[:2] in (b"\x80\x04", b"\x80\x05") else payload


def protocol_of(payload: bytes) -> str:
    """``"4"``; ``"0 or 1"`` where the payload does not say it, because those did not."""
    return str(payload[1]) if payload[:1] == b"\x80" and len(payload) > 1 else "0 or 1"


@functools.lru_cache(maxsize=128)  # pickle's and cloudpickle's payloads are mostly the same
def _read_again(payload: bytes) -> Reading:
    return _follow(payload)


OPCODES = 7_500  # that are read of one payload; an error of openai's with its request has 400
_KEPT = 65_536  # bytes of a payload that is worth keeping for that


def _follow(payload: bytes) -> Reading:
    machine = Machine()
    root, error, is_cut = None, None, False
    try:
        # pragma: no branch  # ends with STOP, or raises
        for number, (opcode, argument, _) in enumerate(pickletools.genops(payload)):
            is_cut = number >= OPCODES
            if opcode.name == "STOP" or is_cut:
                root = machine.closed() if is_cut else machine.stack[-1]
                break
            machine.step(opcode.name, argument)
    except Exception as problem:  # pickletools raises whatever a malformed payload leads it to
        error = f"{type(problem).__name__}: {problem}"
    return Reading(
        names=tuple(machine.names),
        calls=tuple(machine.calls),
        root=root,
        error=error,
        is_cut=is_cut,
    )
