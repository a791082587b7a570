"""An exception's pending, top to bottom. Knows nothing of pytest."""

from __future__ import annotations

import atexit
from collections.abc import Collection

from pytest_portable_errors.diagnosis.losses import DEFAULT_CHECKS
from pytest_portable_errors.receiver_names import DEFAULT_RECEIVER
from pytest_portable_errors.sender import process_receivers
from pytest_portable_errors.sender.arguments import checked_names, dotted_name, exception_of
from pytest_portable_errors.sender.outgoing import describe_and_pickle
from pytest_portable_errors.sender.pending_trip import DEFAULT_TIMEOUT, send
from pytest_portable_errors.sender.receivers import Receivers
from pytest_portable_errors.sender.serializers import Serializer
from pytest_portable_errors.sender.trip import RoundTrip


def check_round_trip(
    exc: object,
    *,
    serializer: str | Serializer = "pickle",
    receiver: str = DEFAULT_RECEIVER,
    checks: Collection[str] = DEFAULT_CHECKS,
    arrives_as: type[BaseException] | str | None = None,
    timeout: float = DEFAULT_TIMEOUT,
) -> RoundTrip:
    """Send an exception to a fresh interpreter and compare what arrives with what was sent.

    ``exc`` is an exception or a ``pytest.ExceptionInfo``. ``serializer`` is a name or a Serializer.
    ``receiver`` is ``without-project``, ``stdlib``, ``with-project``, or the path of a Python
    interpreter. ``arrives_as`` declares a deliberate change of type, by the class or its dotted
    name. ``timeout`` is seconds of processor time in the receiver; the limit on the wall clock is
    six times that.

    What the exception does on the way is data in the RoundTrip. Raises PortableErrorsError only
    when this function is misused or the receiver cannot start.
    """
    subject = exception_of(exc, asked_by="check_round_trip()")
    checks, declared = checked_names(checks), dotted_name(arrives_as)
    receivers = shared()
    outgoing = describe_and_pickle(
        subject, serializer=receivers.serializers.find(serializer), traceback="traceback" in checks
    )
    pending = send(
        outgoing,
        receivers=receivers,
        receiver=receiver,
        checks=checks,
        arrives_as=declared,
        timeout=timeout,
    )
    trip = pending.arrive()
    return trip if trip.arrived_whole else pending.repaired(trip)


def shared() -> Receivers:
    """The receivers of this process."""
    current = process_receivers.now()
    if current.receivers is None and current.make is not None:
        current.receivers = current.make()
    if current.receivers is None:
        current.receivers = Receivers()
        atexit.register(current.receivers.close)
    return current.receivers
