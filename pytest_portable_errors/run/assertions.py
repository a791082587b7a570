"""The values of the fixtures that fail a test: each is called like a function."""

from __future__ import annotations

import functools
import re
import sys
from collections.abc import Callable, Collection, Sequence
from typing import ParamSpec, TypeVar

from pytest_portable_errors.diagnosis.primitive import not_primitive
from pytest_portable_errors.diagnosis.printable import brief
from pytest_portable_errors.errors import PortableErrorsError
from pytest_portable_errors.judging.expectations import primitive_text
from pytest_portable_errors.judging.failure_text import credential_texts
from pytest_portable_errors.judging.strict_policy import StrictPolicy
from pytest_portable_errors.judging.verdicts import TripRequirements
from pytest_portable_errors.run.marker import MarkerOptions, chain_of, ensure_right
from pytest_portable_errors.run.pytest_api import PytestApi
from pytest_portable_errors.sender.arguments import checked_names, dotted_name, exception_of
from pytest_portable_errors.sender.outgoing import describe_and_pickle_by_each
from pytest_portable_errors.sender.receivers import Receivers
from pytest_portable_errors.sender.serializers import Serializer
from pytest_portable_errors.sender.trip import RoundTrip, trip_text
from pytest_portable_errors.sender.value_trip import value_trip

_Result = TypeVar("_Result")
_Params = ParamSpec("_Params")


def _at_callers_line(method: Callable[_Params, _Result]) -> Callable[_Params, _Result]:
    """Let a wrong use be shown where the test's line stands, and not inside of this package."""

    @functools.wraps(method)
    def called(*args: _Params.args, **kwargs: _Params.kwargs) -> _Result:
        __tracebackhide__ = True
        try:
            return method(*args, **kwargs)
        except PortableErrorsError as error:
            raise error.with_traceback(None) from None

    return called


class AssertRoundtrip:
    """``assert_roundtrip(exc)``: send an exception now, and fail the test if something is lost."""

    def __init__(
        self,
        defaults: MarkerOptions,
        receivers: Receivers,
        policy: Callable[[TripRequirements], StrictPolicy],
        pytest_api: PytestApi,
    ) -> None:
        """Prepare for one test.

        Args:
            defaults: What its markers say, and the settings where they say nothing.
            receivers: What exceptions are sent to.
            policy: Makes the policy of one call.
            pytest_api: Fails the test.
        """
        self._defaults = defaults
        self._receivers = receivers
        self._policy = policy
        self._pytest_api = pytest_api

    @_at_callers_line
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
        hops: int | None = None,
    ) -> RoundTrip:
        """Make one trip for each serializer and receiver, and fail the test if something is lost.

        Each argument that is None is as the test's markers say, and without one as the settings
        say.

        Args:
            exc: The exception, or the ``pytest.ExceptionInfo`` that holds it.
            serializers: Names, or ``Serializer`` objects; at least one.
            receiver: ``without-project``, ``stdlib``, ``with-project``, or the path of a Python
                interpreter.
            checks: What is compared; names of section "Checks" in docs/reference.md, in any order.
            arrives_as: A deliberate change of type: the class, or its dotted name.
            chain: The types that the printed chain has to have, before and after the trip, the
                outermost first.
            primitive: Whether nothing but primitive values may be sent.
            timeout: Processor time in seconds that one check may take in the receiver.
            hops: How often it is pickled and rebuilt: what arrived is pickled again by the
                receiver, and loaded in another process.

        Returns:
            The first trip.

        Raises:
            NotPortable: Something is lost; it fails the test.
            PortableErrorsError: An argument is wrong, or a receiver cannot start.
        """
        defaults = self._defaults
        subject = exception_of(exc, asked_by="assert_roundtrip()")
        chosen = _chosen_serializers(
            serializers, defaults, self._receivers, asked_by="assert_roundtrip"
        )
        for keyword, value in (("chain", chain), ("primitive", primitive), ("hops", hops)):
            if value is not None:
                ensure_right(keyword, value, asked_by="assert_roundtrip")
        requirements = TripRequirements(
            receivers=defaults.receivers if receiver is None else (receiver,),
            checks=defaults.checks if checks is None else checked_names(checks),
            timeout=defaults.timeout if timeout is None else timeout,
            chain=defaults.chain if chain is None else chain_of(chain),
            primitive=defaults.primitive if primitive is None else primitive,
            hops=defaults.hops if hops is None else hops,
        )
        policy = self._policy(requirements)
        outgoing = describe_and_pickle_by_each(
            subject,
            chosen,
            traceback="traceback" in requirements.checks,
            primitive=requirements.primitive,
        )
        text = policy.conclude(
            [
                policy.begin(
                    outgoing,
                    arrives_as=defaults.arrives_as
                    if arrives_as is None
                    else dotted_name(arrives_as),
                )
            ]
        )
        if text is not None:
            self._pytest_api.fail(text)
        return policy.trips[0]


class AssertValueRoundtrip:
    """``assert_value_roundtrip(value)``: send what is no exception, and fail if it changes."""

    def __init__(
        self,
        defaults: MarkerOptions,
        receivers: Receivers,
        pytest_api: PytestApi,
        *,
        credentials: str,
        offer: Callable[[str, object, Serializer, RoundTrip], object] | None = None,
    ) -> None:
        """Prepare for one test.

        Args:
            defaults: What its markers say, and the settings where they say nothing.
            receivers: What values are sent to.
            pytest_api: Fails the test.
            credentials: ``off``, ``warn`` or ``error``; ``error`` fails the test for credentials in
                a payload.
            offer: Takes what a golden can be made of: its name, the value, a serializer, and the
                trip. None: the run writes no goldens.
        """
        self._offer = offer
        self._defaults = defaults
        self._receivers = receivers
        self._pytest_api = pytest_api
        self._credentials = credentials

    @_at_callers_line
    def __call__(
        self,
        value: object,
        *,
        serializers: Sequence[str | Serializer] | None = None,
        receiver: str | None = None,
        golden: str | None = None,
    ) -> RoundTrip:
        """Make one trip for each serializer and receiver, and fail the test if the value changes.

        Each argument that is None is as the test's markers say, and without one as the settings
        say.

        Args:
            value: Anything but an exception.
            serializers: Names, or ``Serializer`` objects; at least one.
            receiver: ``without-project``, ``stdlib``, ``with-project``, or the path of a Python
                interpreter.
            golden: The name by which a golden of the value is kept when goldens are written, such
                as ``order-v1``; it is one for each serializer. None: none is.

        Returns:
            The first trip.

        Raises:
            NotPortable: The value arrives changed or not at all; it fails the test.
            PortableErrorsError: An argument is wrong, a serializer carries exceptions only, or a
                receiver cannot start.
        """
        if issubclass(type(value), BaseException):
            raise PortableErrorsError(
                f"assert_value_roundtrip() got {type(value).__name__}, an exception: use "
                "assert_roundtrip"
            )
        if golden is not None and not re.fullmatch(r"\w[\w.-]*", golden):
            raise PortableErrorsError(
                f"assert_value_roundtrip(golden={golden!r}): expected a name, e.g. 'order-v1'"
            )
        chosen = _chosen_serializers(
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
        if golden is not None and self._offer is not None:
            for serializer, trip in zip(chosen, trips, strict=False):
                self._offer(golden, value, serializer, trip)
        return trips[0]


class AssertPrimitive:
    """``assert_primitive(value)``: fail the test if a value holds more than plain values.

    It is for what is stored where nothing else can be, such as a checkpoint or a JSON column.
    """

    def __init__(self, pytest_api: PytestApi) -> None:
        """``pytest_api`` fails the test."""
        self._pytest_api = pytest_api

    def __call__(self, value: object) -> None:
        """Fail the test unless the value is primitive, all through.

        Primitive are None, bool, int, float, str, bytes, lists, and dicts with str keys. Types have
        to be exactly these: a subclass is not primitive.

        Raises:
            NotPortable: A value is not primitive; it fails the test.
        """
        # The caller's variables tell the name by which the test knows the value.
        variables = sys._getframe(1).f_locals
        name = next(
            (name for name, local in variables.items() if local is value and name.isidentifier()),
            "value",
        )
        findings = not_primitive(value, name)
        if findings:
            self._pytest_api.fail(
                primitive_text(f"{name} holds", findings)
                if len(findings) > 1
                else brief(str(findings[0]))
            )


def _chosen_serializers(
    serializers: Sequence[str | Serializer] | None,
    defaults: MarkerOptions,
    receivers: Receivers,
    *,
    asked_by: str,
) -> tuple[Serializer, ...]:
    """The serializers of one call: those that it names, or the defaults."""
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
