"""What the fixtures give to a test."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence

from pytest_portable_errors.errors import PortableErrorsError
from pytest_portable_errors.host import Host
from pytest_portable_errors.judges import Strict
from pytest_portable_errors.judging import Terms
from pytest_portable_errors.requirement import Requirement
from pytest_portable_errors.round_trip import checked_names, dotted_name, exception_of
from pytest_portable_errors.sender.departure import depart_by_each
from pytest_portable_errors.sender.receivers import Receivers
from pytest_portable_errors.sender.serializers import Serializer
from pytest_portable_errors.trip import RoundTrip


class AssertRoundtrip:
    """``assert_roundtrip(exc)``: make the trip now, once for each serializer, and fail the test if something is lost."""

    def __init__(self, defaults: Requirement, receivers: Receivers, judge: Callable[[Terms], Strict], host: Host) -> None:
        self._defaults = defaults
        self._receivers = receivers
        self._judge = judge
        self._host = host

    def __call__(
        self,
        exc: object,
        *,
        serializers: Sequence[str | Serializer] | None = None,
        receiver: str | None = None,
        checks: Collection[str] | None = None,
        arrives_as: type[BaseException] | str | None = None,
        timeout: float | None = None,
    ) -> RoundTrip:
        """Give the first trip. What is not passed is as the test's marker says, and then as the settings say.

        ``exc`` is an exception or a ``pytest.ExceptionInfo``; the rest is as in ``check_round_trip``. Raises PortableErrorsError when
        called wrongly.
        """
        defaults = self._defaults
        subject = exception_of(exc, asked_by="assert_roundtrip()")
        if isinstance(serializers, str) or (serializers is not None and not serializers):
            raise PortableErrorsError(
                f"assert_roundtrip(serializers={serializers!r}): expected a tuple of names or Serializers, e.g. ('pickle',)"
            )
        chosen = defaults.serializers if serializers is None else tuple(map(self._receivers.serializers.find, serializers))
        terms = Terms(
            receivers=defaults.receivers if receiver is None else (receiver,),
            checks=defaults.checks if checks is None else checked_names(checks),
            timeout=defaults.timeout if timeout is None else timeout,
        )
        judge = self._judge(terms)
        departures = depart_by_each(subject, chosen, traceback="traceback" in terms.checks)
        text = judge.conclude([judge.begin(departures, arrives_as=defaults.arrives_as if arrives_as is None else dotted_name(arrives_as))])
        if text is not None:
            self._host.fail(text)
        return judge.trips[0]
