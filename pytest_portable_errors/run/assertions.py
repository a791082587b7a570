"""What the fixtures give to a test."""

from __future__ import annotations

import sys
from collections.abc import Callable, Collection, Sequence

from pytest_portable_errors.diagnosis.primitive import not_primitive
from pytest_portable_errors.diagnosis.printable import brief
from pytest_portable_errors.errors import PortableErrorsError
from pytest_portable_errors.judging.expectations import primitive_text
from pytest_portable_errors.judging.failure_text import credential_texts
from pytest_portable_errors.judging.policies import StrictPolicy
from pytest_portable_errors.judging.verdicts import TripRequirements
from pytest_portable_errors.run.marker import MarkerOptions, chain_of, ensure_right
from pytest_portable_errors.run.pytest_api import PytestApi
from pytest_portable_errors.sender.arguments import checked_names, dotted_name, exception_of
from pytest_portable_errors.sender.outgoing import describe_and_pickle_by_each
from pytest_portable_errors.sender.receivers import Receivers
from pytest_portable_errors.sender.serializers import Serializer
from pytest_portable_errors.sender.trip import RoundTrip, trip_text
from pytest_portable_errors.sender.value_trip import value_trip


class AssertRoundtrip:
    """``assert_roundtrip(exc)``: make the trip now, once for each serializer, and fail the test if
    something is lost."""

    def __init__(
        self,
        defaults: MarkerOptions,
        receivers: Receivers,
        policy: Callable[[TripRequirements], StrictPolicy],
        pytest_api: PytestApi,
    ) -> None:
        self._defaults = defaults
        self._receivers = receivers
        self._policy = policy
        self._pytest_api = pytest_api

    def __call__(
        self,
        exc: object,
        *,
        serializers: Sequence[str | Serializer] | None = None,
        receiver: str | None = None,
        checks: Collection[str] | None = None,
        arrives_as: type[BaseException] | str | None = None,
        chain: Sequence[type[BaseException] | str] | None = None,
        primitive: bool | None = None,
        timeout: float | None = None,
    ) -> RoundTrip:
        """Give the first trip. What is not passed is as the test's marker says, and then as the
        settings say.

        ``exc`` is an exception or a ``pytest.ExceptionInfo``. ``chain`` are the types that its
        printed chain has to have, before and after the trip, the outermost first; ``primitive``
        says that nothing but primitive values may be sent. The rest is as in ``check_round_trip``.
        Raises PortableErrorsError when called wrongly.
        """
        defaults = self._defaults
        subject = exception_of(exc, asked_by="assert_roundtrip()")
        chosen = _chosen(serializers, defaults, self._receivers, asked_by="assert_roundtrip")
        for keyword, value in (("chain", chain), ("primitive", primitive)):
            if value is not None:
                ensure_right(keyword, value, asked_by="assert_roundtrip")
        requirements = TripRequirements(
            receivers=defaults.receivers if receiver is None else (receiver,),
            checks=defaults.checks if checks is None else checked_names(checks),
            timeout=defaults.timeout if timeout is None else timeout,
            chain=defaults.chain if chain is None else chain_of(chain),
            primitive=defaults.primitive if primitive is None else primitive,
        )
        judge = self._policy(requirements)
        outgoing = describe_and_pickle_by_each(
            subject,
            chosen,
            traceback="traceback" in requirements.checks,
            primitive=requirements.primitive,
        )
        text = judge.conclude(
            [
                judge.begin(
                    outgoing,
                    arrives_as=defaults.arrives_as
                    if arrives_as is None
                    else dotted_name(arrives_as),
                )
            ]
        )
        if text is not None:
            self._pytest_api.fail(text)
        return judge.trips[0]


class AssertValueRoundtrip:
    """``assert_value_roundtrip(value)``: the same for what is no exception."""

    def __init__(
        self,
        defaults: MarkerOptions,
        receivers: Receivers,
        pytest_api: PytestApi,
        *,
        credentials: str,
    ) -> None:
        """``credentials`` is ``off``, ``warn`` or ``error``."""
        self._defaults = defaults
        self._receivers = receivers
        self._pytest_api = pytest_api
        self._credentials = credentials

    def __call__(
        self,
        value: object,
        *,
        serializers: Sequence[str | Serializer] | None = None,
        receiver: str | None = None,
    ) -> RoundTrip:
        """Give the first trip. What is not passed is as the test's marker says, and then as the
        settings say.

        Raises PortableErrorsError when called wrongly.
        """
        if issubclass(type(value), BaseException):
            raise PortableErrorsError(
                f"assert_value_roundtrip() got {type(value).__name__}, an exception: use "
                "assert_roundtrip"
            )
        chosen = _chosen(
            serializers, self._defaults, self._receivers, asked_by="assert_value_roundtrip"
        )
        names = self._defaults.receivers if receiver is None else (receiver,)
        trips = [
            value_trip(
                value,
                serializer=serializer,
                receiver=name,
                receivers=self._receivers,
                timeout=self._defaults.timeout,
            )
            for name in names
            for serializer in chosen
        ]
        lost = [trip for trip in trips if not trip.arrived_whole]
        texts = [
            *([trip_text(lost)] if lost else []),
            *(credential_texts(trips) if self._credentials == "error" else []),
        ]
        if texts:
            self._pytest_api.fail("\n\n".join(texts))
        return trips[0]


class AssertPrimitive:
    """``assert_primitive(value)``: for anything that is stored where only plain values can be, a
    checkpoint or a JSON column."""

    def __init__(self, pytest_api: PytestApi) -> None:
        self._pytest_api = pytest_api

    def __call__(self, value: object) -> None:
        """Fail unless every value is None, bool, int, float, str, bytes, a list, or a dict with str
        keys, by its exact type."""
        caller = sys._getframe(1).f_locals  # for the name by which the test knows the value
        name = next(
            (name for name, local in caller.items() if local is value and name.isidentifier()),
            "value",
        )
        found = not_primitive(value, name)
        if found:
            self._pytest_api.fail(
                primitive_text(f"{name} holds", found) if len(found) > 1 else brief(str(found[0]))
            )


def _chosen(
    serializers: Sequence[str | Serializer] | None,
    defaults: MarkerOptions,
    receivers: Receivers,
    *,
    asked_by: str,
) -> tuple[Serializer, ...]:
    if isinstance(serializers, str) or (serializers is not None and not serializers):
        raise PortableErrorsError(
            f"{asked_by}(serializers={serializers!r}): expected a tuple of names or "
            "Serializers, e.g. ('pickle',)"
        )
    return (
        defaults.serializers
        if serializers is None
        else tuple(map(receivers.serializers.find, serializers))
    )
