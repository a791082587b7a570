"""The story of one round trip, step by step, from top to bottom; pytest has no part in it."""

from __future__ import annotations

import atexit
from collections.abc import Collection

from pytest_portable_errors.diagnosis.checks import DEFAULT_CHECKS, DEFAULT_TIMEOUT
from pytest_portable_errors.receiver_names import DEFAULT_RECEIVER
from pytest_portable_errors.sender import process_receivers
from pytest_portable_errors.sender.arguments import checked_names, dotted_name, exception_of
from pytest_portable_errors.sender.arrival import explain, travel_on
from pytest_portable_errors.sender.comparison import compare_answer
from pytest_portable_errors.sender.outgoing import describe_and_pickle
from pytest_portable_errors.sender.pending_trip import TripSettings, send
from pytest_portable_errors.sender.receivers import Receivers
from pytest_portable_errors.sender.serializers import Serializer
from pytest_portable_errors.sender.trip import RoundTrip
from pytest_portable_errors.sender.trip_fixes import with_fixes


def check_round_trip(
    exc: object,
    *,
    serializer: str | Serializer = "pickle",
    receiver: str = DEFAULT_RECEIVER,
    checks: Collection[str] = DEFAULT_CHECKS,
    arrives_as: type[BaseException] | str | None = None,
    timeout: float = DEFAULT_TIMEOUT,
    hops: int = 1,
) -> RoundTrip:
    """Send an exception to a fresh interpreter and compare what arrives with what was sent.

    Args:
        exc: The exception, or the ``pytest.ExceptionInfo`` that holds it.
        serializer: A name (``pickle``, ``pickle:2`` for protocol 2, ``cloudpickle``, ``dill``, a
            carrier's), or a ``Serializer``.
        receiver: ``without-project``, ``stdlib``, ``with-project``, or the path of a Python
            interpreter, relative to the project's root.
        checks: What is compared; names of section "Checks" in docs/reference.md, in any order.
        arrives_as: A deliberate change of type: the class, or its dotted name. None: the exception
            is meant to arrive as what it is.
        timeout: Processor time in seconds that the receiver may use; the wall-clock limit is six
            times that.
        hops: How often it is pickled and rebuilt, from 1: what arrived is pickled again by the
            receiver, and loaded in another process, as a retry or a recovered workflow does it.

    Returns:
        What became of it. ``arrived_whole`` is False when anything is in ``losses``. Whatever the
        exception does on the way is data in there, and raises nothing here, but for
        KeyboardInterrupt.

    Raises:
        PortableErrorsError: ``exc`` is no exception, a name is unknown, ``timeout`` is no number
            of seconds above 0, ``hops`` is no number of hops that the serializer makes, or the
            receiver cannot start.
    """
    subject = exception_of(exc, asked_by="check_round_trip()")
    settings = TripSettings(
        receiver=receiver,
        checks=checked_names(checks),
        arrives_as=dotted_name(arrives_as),
        timeout=timeout,
        hops=hops,
    )
    receivers = shared()
    outgoing = describe_and_pickle(
        subject,
        serializer=receivers.serializers.find(serializer),
        traceback="traceback" in settings.checks,
    )
    pending = send(outgoing, receivers=receivers, settings=settings)
    answer = pending.answer()
    compared = compare_answer(pending, answer)
    explained = explain(pending, answer, compared)
    arrived = travel_on(pending, explained)
    return with_fixes(pending, arrived)


def shared() -> Receivers:
    """The receivers of this process, made on first use.

    In a pytest run they are the run's, which knows the project and closes them. Elsewhere the
    current folder says where the project is, and they are closed when the process ends.
    """
    current = process_receivers.current()
    if current.receivers is None and current.make is not None:
        current.receivers = current.make()
    if current.receivers is None:
        current.receivers = Receivers()
        atexit.register(current.receivers.close)
    return current.receivers
