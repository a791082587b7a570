"""Sends the payloads of goldens, and compares what arrives with what arrived then."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from pytest_portable_errors.diagnosis.checks import DEFAULT_CHECKS, DEFAULT_TIMEOUT
from pytest_portable_errors.diagnosis.loss import Loss
from pytest_portable_errors.diagnosis.losses import arrival_loss, compare, compare_values
from pytest_portable_errors.diagnosis.pickle_reader import read
from pytest_portable_errors.diagnosis.shown import short_name
from pytest_portable_errors.diagnosis.unexpected_calls import unexpected_calls
from pytest_portable_errors.goldens.golden import Golden
from pytest_portable_errors.receiver.described import Answer, Record, Stage, Today, subject_of
from pytest_portable_errors.receiver.earlier import with_repair
from pytest_portable_errors.sender.pending_answer import PendingAnswer
from pytest_portable_errors.sender.receivers import Receivers
from pytest_portable_errors.sender.request import Request
from pytest_portable_errors.sender.serializers import Serializer
from pytest_portable_errors.sender.trip import RoundTrip

_SUBJECT = "goldens"  # what all belong to: they are rebuilt one after the other in one process


class Refused(Exception):
    """A payload is not loaded, because of what loads would call."""


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
            repair: Of the code, for ``receiver/earlier.py``; it is then rebuilt in a process of its
                own. None: by today's code as it is.

        Raises:
            Refused: Loads would call what exceptions do not call.
            PortableErrorsError: The receiver cannot start.
        """
        ensure_harmless(payload, name=name)
        return self.receivers.submit(
            Request(
                receiver=self.receiver,
                payload=payload if repair is None else with_repair(payload, repair),
                serializer=serializer,
                names=[(name.module, name.qualname) for name in read(payload).names],
                timeout=self.timeout,
                traceback=False,
                depth=depth,
                bases=bases,
                subject=_SUBJECT,
                is_fresh=repair is not None,
            )
        )


def compared(
    golden: Golden, answer: Answer, *, receiver: str, checks: Collection[str]
) -> RoundTrip:
    """The trip of a golden: what is lost of what arrived then, without a reason.

    What only today's code adds is no loss. A base that is gone is one, and so is an attribute that
    today's constructors set, if it was there or not set then.
    """
    stage = Stage(answer["stage"])
    received = answer["record"] if stage is Stage.ARRIVED else None
    losses: tuple[Loss, ...]
    if received is None:
        root = "exc" if golden.has_exception else "value"
        losses = (arrival_loss(golden.record, answer, path=root),)
    else:
        today = answer.get("today", Today())
        then = _renamed(golden.record, today.get("aliases", {}))
        found = (
            compare(then, received, checks=checks).losses
            if golden.has_exception
            else compare_values(then, received)
        )
        lost = [loss for loss in found if loss.sent != "missing" and not _only_grew(loss)]
        if len(lost) < len(found) and {loss.kind for loss in lost} == {"message"}:
            lost = []  # the text shows what was added
        losses = (
            *lost,
            *(_lost_bases(golden, today) if _is_exception(received) else ()),
            *_new_attributes(golden, today),
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


def _rebuilds(function: str, name: str) -> bool:
    """Whether a function lies beside a class, and is called as one that makes objects."""
    module, _, own = function.rpartition(".")
    return bool(module) and name.startswith(f"{module}.") and _REBUILDS.match(own) is not None


_REBUILDS = re.compile(r"_*(re)?(build|construct|create|from|load|make|new|restore|unpickle)")


def _only_grew(loss: Loss) -> bool:
    """Whether the ``repr`` of an object has all that it had, and more: a new field.

    The content of objects that pickle themselves, as pydantic's models do, is known by that alone.
    """
    sent, received = _REPR.fullmatch(loss.sent), _REPR.fullmatch(loss.received)
    if sent is None or received is None or sent[1] != received[1]:
        return False
    words = iter(_WORD.findall(received[2]))
    return all(word in words for word in _WORD.findall(sent[2]))


_REPR = re.compile(r"([\w.]+)\((.*)\)", re.DOTALL)
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


def _is_exception(received: Record) -> bool:
    return "args" in subject_of(received)


def _lost_bases(golden: Golden, today: Today) -> tuple[Loss, ...]:
    gone = [base for base in golden.bases if base not in today.get("bases", ())]
    if not gone:
        return ()
    return (
        Loss(
            kind="type",
            path="exc.__class__" if golden.has_exception else "value.__class__",
            sent=f"caught by except {short_name(gone[0])}",
            received="not caught by it",
        ),
    )


def _new_attributes(golden: Golden, today: Today) -> tuple[Loss, ...]:
    return tuple(
        Loss(kind="attributes", path=path, sent="set by today's code", received="missing")
        for path in today.get("lacks", ())
        if path not in golden.lacks
    )


def ensure_harmless(payload: bytes, *, name: str = "") -> None:
    """Check that loads calls only classes and known reconstructors.

    Args:
        payload: A pickle.
        name: Full name of the class that it is of: a function beside it whose name says that it
            rebuilds something is one that is known. Empty: no class is known.

    Raises:
        Refused: It would call something else, or there is too much to read to know.
    """
    reading = read(payload)
    if reading.error is not None or reading.is_cut:
        raise Refused(f"the payload cannot be read to its end ({reading.error or 'too long'})")
    calls = [call for call in unexpected_calls(reading.calls) if not _rebuilds(call, name)]
    if calls:
        raise Refused(
            f"loads would call {', '.join(calls[:3])}, which is neither a class nor a "
            "reconstructor that is known"
        )
