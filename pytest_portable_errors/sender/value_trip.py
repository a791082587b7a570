"""The trip of what is no exception: arguments and results of tasks, which take the same way."""

from __future__ import annotations

from dataclasses import replace

from pytest_portable_errors.diagnosis.cause_names import (
    CLASS_NOT_IMPORTABLE,
    VALUE_CANNOT_BE_PICKLED,
)
from pytest_portable_errors.diagnosis.credentials import find_credentials
from pytest_portable_errors.diagnosis.findings import Diagnosis
from pytest_portable_errors.diagnosis.losses import arrival_loss, compare_values
from pytest_portable_errors.diagnosis.pickle_reader import read
from pytest_portable_errors.errors import PortableErrorsError
from pytest_portable_errors.receiver.described import Answer, Stage
from pytest_portable_errors.sender.carriers import Carrier
from pytest_portable_errors.sender.outgoing import Outgoing, describe_and_pickle_value
from pytest_portable_errors.sender.pending_trip import not_sent
from pytest_portable_errors.sender.receivers import Receivers
from pytest_portable_errors.sender.request import Request
from pytest_portable_errors.sender.serializers import Serializer
from pytest_portable_errors.sender.trip import RoundTrip


def value_trip(
    value: object, *, serializer: Serializer, receiver: str, receivers: Receivers, timeout: float
) -> RoundTrip:
    """Send a value and compare what arrives with what was sent.

    Raises PortableErrorsError when the receiver cannot start, or the serializer is a carrier's that
    has errors only.
    """
    if isinstance(serializer, Carrier) and not serializer.carries_values:
        raise PortableErrorsError(
            f"serializer {serializer.name!r} carries errors only: for values name another, "
            "e.g. ('pickle',)"
        )
    outgoing = describe_and_pickle_value(value, serializer=serializer)
    reading = read(outgoing.payload or b"")
    answer = not_sent(outgoing)
    if outgoing.payload is not None:
        request = Request(
            receiver=receiver,
            payload=outgoing.payload,
            serializer=serializer,
            names=[(name.module, name.qualname) for name in reading.names],
            timeout=timeout,
            traceback=False,
        )
        answer = receivers.submit(request).usable_answer()
    stage, received = Stage(answer["stage"]), answer.get("record")
    losses = (
        compare_values(outgoing.sent, received)
        if received is not None
        else (arrival_loss(outgoing.sent, answer, path="value"),)
    )
    found = find_credentials(reading, outgoing.sent, received)
    diagnosis = _diagnosis(outgoing, answer) if losses else None
    return RoundTrip(
        serializer=serializer.name,
        receiver=receiver,
        stage=stage,
        sent=found.mask.record(outgoing.sent),
        received=None if received is None else found.mask.record(received),
        losses=tuple(map(found.mask.loss, losses)),
        error=None if "error" not in answer else found.mask.error(answer["error"]),
        diagnosis=None if diagnosis is None else found.mask.diagnosis(diagnosis),
        stopped_at=found.mask.text(outgoing.unpicklable.path) or None
        if outgoing.unpicklable is not None
        else None,
        credentials=tuple(
            replace(one, path=f"value{one.path.removeprefix('exc')}") for one in found.credentials
        ),
    )


def _diagnosis(outgoing: Outgoing, answer: Answer) -> Diagnosis | None:
    """Why, as far as that is plain: values have no constructor that everybody knows."""
    value = outgoing.unpicklable
    if value is not None:
        return Diagnosis(
            cause=VALUE_CANNOT_BE_PICKLED,
            why=f"{value} cannot be pickled",
            evidence=(value.path, value.type),
        )
    if answer.get("missing"):
        module, qualname, absent = answer["missing"][0]
        lacks = f"no module {absent!r}" if absent else f"no {qualname!r} in {module}"
        why = f"the payload names {module}.{qualname}, and the receiver has {lacks}"
        return Diagnosis(
            cause=CLASS_NOT_IMPORTABLE, why=why, evidence=(f"{module}.{qualname}", lacks)
        )
    return None
