"""Sends the payloads of goldens, and compares what arrives with what arrived then."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from pytest_portable_errors.diagnosis.checks import DEFAULT_CHECKS, DEFAULT_TIMEOUT
from pytest_portable_errors.diagnosis.loss import Loss
from pytest_portable_errors.diagnosis.losses import arrival_loss, compare, compare_values
from pytest_portable_errors.diagnosis.pickle_reader import read
from pytest_portable_errors.diagnosis.shown import short_name, show
from pytest_portable_errors.goldens.golden import Golden
from pytest_portable_errors.goldens.guard import ensure_harmless
from pytest_portable_errors.receiver.described import (
    Answer,
    Record,
    Stage,
    Today,
    is_exception,
    subject_of,
)
from pytest_portable_errors.receiver.guarded_loads import with_repair
from pytest_portable_errors.sender.pending_answer import PendingAnswer
from pytest_portable_errors.sender.receivers import Receivers
from pytest_portable_errors.sender.request import Request
from pytest_portable_errors.sender.serializers import PICKLE_LOADER, Serializer
from pytest_portable_errors.sender.trip import RoundTrip

_SUBJECT = "goldens"  # what all belong to: they are rebuilt one after the other in one process
_LOADER = "_portable_errors_receiver.guarded_loads:loads"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Guarded:
    """A serializer whose payloads are rebuilt by ``receiver/guarded_loads.py``."""

    name: str
    needs: tuple[str, ...] = ()
    """Nothing: a payload that names what cloudpickle rebuilds with is not loaded."""
    loader: str = _LOADER

    def dumps(self, exc: BaseException) -> bytes:
        """Is never called: payloads of goldens were pickled long ago."""
        raise NotImplementedError


@dataclass(frozen=True, slots=True, kw_only=True)
class Reader:
    """Where goldens are read, and how what arrives is compared."""

    receivers: Receivers
    receiver: str = "with-project"
    """The receiver's name, or the path of an interpreter."""
    checks: tuple[str, ...] = DEFAULT_CHECKS
    timeout: float = DEFAULT_TIMEOUT

    def submit(
        self,
        payload: bytes,
        serializer: Serializer,
        *,
        name: str,
        depth: int,
        bases: tuple[str, ...] = (),
        repair: dict[str, Any] | None = None,
    ) -> PendingAnswer:
        """Have a payload rebuilt, without waiting.

        Args:
            payload: What to rebuild.
            serializer: What pickled it.
            name: Full name of the class that it is of.
            depth: How deep what arrives is described.
            bases: Full names of the bases that the class had then.
            repair: Of the code, for ``receiver/guarded_loads.py``; it is then rebuilt in a process
                of its own. None: by today's code as it is.

        Raises:
            Refused: Loads would call what exceptions do not call.
            PortableErrorsError: The receiver cannot start.
        """
        ensure_harmless(payload, name=name)
        guarded = serializer.loader == PICKLE_LOADER
        if guarded:
            serializer = _Guarded(name=serializer.name)
        return self.receivers.submit(
            Request(
                receiver=self.receiver,
                payload=with_repair(payload, repair or {}) if guarded else payload,
                serializer=serializer,
                names=[(each.module, each.qualname) for each in read(payload).names],
                timeout=self.timeout,
                traceback=False,
                depth=depth,
                bases=bases,
                subject=_SUBJECT,
                is_fresh=repair is not None,
            )
        )


def compared(
    golden: Golden,
    answer: Answer,
    *,
    receiver: str,
    checks: Collection[str],
    aliases: Mapping[str, str] = MappingProxyType({}),
) -> RoundTrip:
    """The trip of a golden: what is lost of what arrived then, without a reason.

    What only today's code adds is no loss. A base that is gone is one, and so is an attribute that
    today's constructors set, if it was there or not set then.

    Args:
        golden: The golden.
        answer: What the receiver told.
        receiver: Its name.
        checks: What is compared.
        aliases: Names of classes then, with those that stand for them today, beside those that the
            receiver knows.
    """
    stage = Stage(answer["stage"])
    received = answer["record"] if stage is Stage.ARRIVED else None
    losses: tuple[Loss, ...]
    if received is None:
        root = "exc" if golden.has_exception else "value"
        losses = (arrival_loss(golden.record, answer, path=root),)
    else:
        today = answer["today"]
        then = _renamed(golden.record, {**today.get("aliases", {}), **aliases})
        found = (
            compare(then, received, checks=checks).losses
            if golden.has_exception
            else compare_values(then, received)
        )
        lost = [loss for loss in found if not _is_addition(loss)]
        if len(lost) < len(found):
            lost = [loss for loss in lost if not _shows_addition(loss)]
        losses = (
            *lost,
            *(_lost_bases(golden, today) if is_exception(received) else ()),
            *_new_attributes(golden, today),
            *_renamed_attribute(golden, today, received),
        )
    return RoundTrip(
        serializer=golden.serializer,
        receiver=receiver,
        stage=stage,
        sent=golden.record,
        received=received,
        losses=losses,
        error=answer.get("error"),
    )


def _is_addition(loss: Loss) -> bool:
    """Whether today's code has only added something: a value, or a field to an object's ``repr``.

    The content of objects that pickle themselves, as pydantic's models do, is known by that alone.
    """
    if loss.kind == "message":
        return False
    sent, received = _REPR.fullmatch(loss.sent), _REPR.fullmatch(loss.received)
    if sent is None or received is None:
        return loss.sent == "missing"
    now = iter(_FIELD.findall(received[2]))
    added = []
    for field in _FIELD.findall(sent[2]):
        for other in now:
            if other.strip() == field.strip():
                break
            added.append(other)
        else:
            return False
    return sent[1] == received[1] and all("=" in field for field in (*added, *now))


def _shows_addition(loss: Loss) -> bool:
    """Whether a message has all words that it had, and others between them."""
    words = iter(_WORD.findall(loss.received))
    return loss.kind == "message" and all(word in words for word in _WORD.findall(loss.sent))


_REPR = re.compile(r"([\w.]+)\((.*)\)", re.DOTALL)
_FIELD = re.compile(
    r"""
    (?:
        '(?:\\.|[^'\\])*' | "(?:\\.|[^"\\])*"   # a text, with the commas in it
        | [(\[{] [^()\[\]{}]* [)\]}]                # a container
        | [^,'"(\[{]
    )+
    """,
    re.VERBOSE,
)
"""What lies between the commas of a ``repr``, as far as texts and containers can be told."""
_WORD = re.compile(r"[^\s,()]+")


def _renamed(described: Any, aliases: Mapping[str, str]) -> Any:
    """A record with the names that its classes have today, where the old ones still stand for
    them."""
    if not aliases:
        return described
    if isinstance(described, list):
        return [_renamed(part, aliases) for part in described]
    if not isinstance(described, dict):
        return described
    return {
        key: aliases.get(part, part)
        if key == "type" and isinstance(part, str)
        else _renamed(part, aliases)
        for key, part in described.items()
    }


def _lost_bases(golden: Golden, today: Today) -> tuple[Loss, ...]:
    gone = [base for base in golden.bases if base not in today["bases"]]
    if not gone:
        return ()
    return (
        Loss(
            kind="type",
            path="exc.__class__",
            sent=f"caught by except {short_name(gone[0])}",
            received="not caught by it",
        ),
    )


def _new_attributes(golden: Golden, today: Today) -> tuple[Loss, ...]:
    return tuple(
        Loss(kind="attributes", path=path, sent="set by today's code", received="missing")
        for path in today["lacks"]
        if path not in golden.lacks
    )


def _renamed_attribute(golden: Golden, today: Today, received: Record) -> tuple[Loss, ...]:
    found = renamed_attribute(golden, today, received)
    if found is None:
        return ()
    old, new = found
    sent = f"{show(subject_of(golden.record)['attributes'][old])}, as {old}"
    return (Loss(kind="attributes", path=f"exc.{new}", sent=sent, received="None"),)


def renamed_attribute(golden: Golden, today: Today, received: Record) -> tuple[str, str] | None:
    """An attribute that today's code looks for under another name, and finds None there.

    Args:
        golden: The golden.
        today: What today's code expects of it.
        received: What arrived.

    Returns:
        The name by which the constructors set it then, and that by which they do today. None if
        more than one name has gone, or come.
    """
    then = subject_of(golden.record).get("attributes", {})
    arrived = subject_of(received).get("attributes", {})
    old = [name for name in golden.sets if name not in today["sets"] and name in then]
    new = [name for name in today["sets"] if name not in golden.sets]
    if len(old) != 1 or len(new) != 1:
        return None
    nothing = "builtins.NoneType"
    is_lost = arrived.get(new[0], {}).get("type") == nothing != then[old[0]].get("type")
    return (old[0], new[0]) if is_lost else None
