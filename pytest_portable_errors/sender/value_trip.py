"""The trip of a value: arguments and results of tasks, which are pickled and sent as errors are."""

from __future__ import annotations

from dataclasses import replace

from pytest_portable_errors.diagnosis.cause_names import (
    CLASS_NOT_IMPORTABLE,
    VALUE_CANNOT_BE_PICKLED,
)
from pytest_portable_errors.diagnosis.credentials import find_credentials
from pytest_portable_errors.diagnosis.findings import Diagnosis
from pytest_portable_errors.diagnosis.losses import arrival_loss, compare_values
from pytest_portable_errors.errors import PortableErrorsError
from pytest_portable_errors.receiver.described import Answer, Stage
from pytest_portable_errors.sender.carriers.carrier import Carrier
from pytest_portable_errors.sender.outgoing import Outgoing, describe_and_pickle_value
from pytest_portable_errors.sender.pending_trip import TripSettings, send
from pytest_portable_errors.sender.receivers import Receivers
from pytest_portable_errors.sender.serializers import Serializer
from pytest_portable_errors.sender.trip import RoundTrip


def value_trip(
    value: object, *, serializer: Serializer, receiver: str, receivers: Receivers, timeout: float
) -> RoundTrip:
    """Send a value to a fresh interpreter and compare what arrives with what was sent.

    Args:
        value: An argument or a result of a task.
        serializer: What pickles it.
        receiver: ``without-project``, ``stdlib``, ``with-project``, or the path of an interpreter.
        receivers: Those of this process.
        timeout: Processor time in seconds that the receiver may use.

    Returns:
        What became of it; paths begin with ``value``. It has no fixes.

    Raises:
        PortableErrorsError: The serializer is a carrier that carries errors only; or the receiver
            cannot start, lacks what the serializer needs, or its set-up raised.
    """
    if isinstance(serializer, Carrier) and not serializer.carries_values:
        raise PortableErrorsError(
            f"serializer {serializer.name!r} carries errors only: for values name another, "
            "e.g. ('pickle',)"
        )
    outgoing = describe_and_pickle_value(value, serializer=serializer)
    settings = TripSettings(receiver=receiver, timeout=timeout)
    pending = send(outgoing, receivers=receivers, settings=settings)
    answer = pending.answer()
    stage, received = Stage(answer["stage"]), answer.get("record")
    losses = (
        compare_values(outgoing.sent, received)
        if received is not None
        else (arrival_loss(outgoing.sent, answer, path="value"),)
    )
    scan = find_credentials(pending.reading, outgoing.sent, received)
    over_limit = pending.over_limit()
    diagnosis = _diagnosis(outgoing, answer) if losses and not over_limit else None
    return RoundTrip(
        serializer=serializer.name,
        receiver=receiver,
        stage=stage,
        sent=scan.mask.record(outgoing.sent),
        received=None if received is None else scan.mask.record(received),
        losses=tuple(map(scan.mask.loss, losses)),
        error=None if "error" not in answer else scan.mask.error(answer["error"]),
        diagnosis=None if diagnosis is None else scan.mask.diagnosis(diagnosis),
        stopped_at=scan.mask.text(outgoing.unpicklable.path) or None
        if outgoing.unpicklable is not None
        else None,
        over_limit=over_limit,
        ended_before=answer.get("ended_before"),
        credentials=tuple(
            replace(credential, path=f"value{credential.path.removeprefix('exc')}")
            for credential in scan.credentials
        ),
    )


def _diagnosis(outgoing: Outgoing, answer: Answer) -> Diagnosis | None:
    """Say why, where a value cannot be pickled or a name is missing; else None.

    The other causes are not looked for: values have no constructor that everybody knows.
    """
    unpicklable = outgoing.unpicklable
    if unpicklable is not None:
        return Diagnosis(
            cause=VALUE_CANNOT_BE_PICKLED,
            why=f"{unpicklable} cannot be pickled",
            evidence=(unpicklable.path, unpicklable.type),
        )
    if answer.get("missing"):
        module, qualname, absent = answer["missing"][0]
        missing = f"no module {absent!r}" if absent else f"no {qualname!r} in {module}"
        why = f"the payload names {module}.{qualname}, and the receiver has {missing}"
        return Diagnosis(
            cause=CLASS_NOT_IMPORTABLE, why=why, evidence=(f"{module}.{qualname}", missing)
        )
    return None
