"""What type checkers see of the public names. Read by mypy and pyright, and never run."""

from __future__ import annotations

from typing import Any

from typing_extensions import assert_type

from pytest_portable_errors import (
    DEFAULT_CHECKS,
    Credential,
    Diagnosis,
    Fix,
    Loss,
    PortableErrorsError,
    RoundTrip,
    Serializer,
    Stage,
    check_round_trip,
    portable_cases,
)


class Own:
    """A project's serializer, with the members of the Protocol and nothing of ours."""

    name = "own"
    loader = "own_wire:loads"
    needs: tuple[str, ...] = ("own_wire",)

    def dumps(self, exc: BaseException, /) -> bytes:
        """Write it."""
        return repr(exc).encode()


own: Serializer = Own()

trip = check_round_trip(
    ValueError("a"),
    serializer=own,
    receiver="stdlib",
    checks=DEFAULT_CHECKS,
    arrives_as=RuntimeError,
    timeout=5,
)
assert_type(trip, RoundTrip)
assert_type(check_round_trip(ValueError("a"), serializer="pickle:2", arrives_as="a.B"), RoundTrip)
assert_type(trip.stage, Stage)
assert_type(trip.losses, tuple[Loss, ...])
assert_type(trip.losses[0].path, str)
assert_type(trip.arrived_whole, bool)
assert_type(trip.with_project, RoundTrip | None)
assert_type(trip.credentials, tuple[Credential, ...])
assert_type(trip.diagnosis, Diagnosis | None)
assert_type(trip.not_looked_at, tuple[str, ...])
assert_type(trip.to_dict(), dict[str, Any])
if trip.diagnosis is not None:
    assert_type(trip.diagnosis.cause, str)
    assert_type(trip.diagnosis.fixes, tuple[Fix, ...])
assert_type(DEFAULT_CHECKS, tuple[str, ...])
error: Exception = PortableErrorsError("a")


@portable_cases("litellm")
def test_litellm(portable_case: Any) -> None:
    """A test of a suite."""


assert_type(test_litellm(None), None)
