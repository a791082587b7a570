"""Whatever an exception holds, what is done for it is bounded, and what was not looked at is
said."""

from __future__ import annotations

import itertools
import pickle
import sys
from typing import Any

import pytest
from carriers_here import skip_without
from in_matrix import MATRIX, rest_in_matrix
from large_zoo import (
    KINDS,
    HoldsError,
    cycle,
    grows,
    grows_itself,
    holding,
    interpreter,
    levels,
    million,
    shared,
)

from pytest_portable_errors import RoundTrip, Stage, check_round_trip
from pytest_portable_errors.diagnosis.pickle_reader import OPCODES, read
from pytest_portable_errors.receiver.budget import DEPTH, VALUES
from pytest_portable_errors.receiver.canonical import canonical
from pytest_portable_errors.receiver.record import depth_of, describe
from pytest_portable_errors.sender.extent import MUCH, held_by

SERIALIZERS = ("pickle", "cloudpickle", "dill")  # the carriers are in end_to_end


def trip_of(exc: HoldsError, serializer: str) -> RoundTrip:
    skip_without(serializer)
    return check_round_trip(exc, serializer=serializer, receiver="with-project")


@pytest.mark.parametrize(
    ("kind", "serializer"),
    rest_in_matrix(
        itertools.product(KINDS, SERIALIZERS),
        here=lambda each: each[0] is not million and (each[1] == "pickle" or each[0] is levels),
    ),
    ids=lambda value: getattr(value, "__name__", value),
)
def test_there_is_a_verdict_in_bounded_space(kind: Any, serializer: str) -> None:
    """Whether it arrives is each serializer's own; what is kept of it is small whatever it
    holds."""
    exc = kind()
    trip = trip_of(exc, serializer)
    assert trip.arrived_whole or trip.losses
    assert trip.stage in Stage
    # A text of 2,000 characters counts as ten values.
    assert len(canonical(trip.sent)) < VALUES * 500
    assert canonical(trip.sent).count('"type"') <= 2 * VALUES
    assert len(str(trip)) < 20_000


@pytest.mark.parametrize(
    "kind",
    rest_in_matrix([million, cycle, interpreter], here=lambda kind: kind is cycle),
    ids=lambda kind: kind.__name__,
)
def test_what_is_not_looked_at_is_said(kind: Any) -> None:
    exc = kind()
    trip = trip_of(exc, "pickle")
    text = f"values past the {VALUES:,} that are nearest to the surface"
    assert text in trip.not_looked_at
    assert f"  not looked at: {text}" in str(trip).splitlines()
    assert text in trip.to_dict()["not_looked_at"]


@MATRIX
def test_the_rest_of_a_long_payload_is_said_and_its_beginning_is_read() -> None:
    trip = trip_of(million(), "pickle")
    assert f"what the payload has past its first {OPCODES:,} opcodes" in trip.not_looked_at
    assert trip.arrived_whole
    reading = read(pickle.dumps(million()))
    assert reading.is_cut
    assert "HoldsError" in [name.qualname for name in reading.names]


def test_nothing_is_said_of_an_ordinary_one() -> None:
    """The control."""
    trip = trip_of(holding([{"order": 7}] * 20), "pickle")
    assert (trip.arrived_whole, trip.not_looked_at) == (True, ())
    assert "not looked at" not in str(trip)


class TestWhatIsNearTheSurfaceIsSeen:
    """However much lies in an attribute before it: values are described less deep, and none is left
    out for another."""

    def test_a_change_beside_a_graph(self) -> None:
        def record(code: int) -> Any:
            exc = cycle()
            exc.zone = code  # type: ignore[attr-defined]  # sorted last
            return describe(exc)

        assert depth_of(record(1)) < DEPTH
        assert record(1) == record(1)
        assert record(1) != record(2)

    def test_what_arrives_is_described_no_deeper(self) -> None:
        """Or a graph of which a part is lost would differ in all the rest, which is then few enough
        to be described deeper."""
        sent = describe(cycle())
        assert depth_of(describe(holding([1]), depth=depth_of(sent))) == depth_of(sent)

    @pytest.mark.parametrize(
        "kind",
        rest_in_matrix(KINDS, here=lambda kind: kind is not million),
        ids=lambda kind: kind.__name__,
    )
    def test_two_looks_see_the_same(self, kind: Any) -> None:
        if kind in (grows, grows_itself):
            pytest.skip("looking changes those")
        exc = kind()
        assert describe(exc) == describe(exc)

    def test_sets_are_described_alike_whatever_their_order(self) -> None:
        """A cut that hung on which element came first would be a loss that is none."""
        elements = [
            frozenset((name, f"{name}/{number}")) for name in "abcdefgh" for number in range(60)
        ]
        one = holding([{*elements}, {*elements[::-1]}] * 3)
        other = holding([{*elements[::-1]}, {*elements}] * 3)
        assert describe(one) == describe(other)
        assert depth_of(describe(one)) < DEPTH


class TestExtent:
    def test_counts_what_is_held_and_not_the_program(self) -> None:
        assert held_by(holding([object() for _ in range(10)])).extent in range(12, 30)
        assert held_by(holding([sys, pytest, print, trip_of, HoldsError])).extent < 30

    @pytest.mark.parametrize("kind", [million, cycle, shared], ids=lambda kind: kind.__name__)
    def test_ends_early(self, kind: Any) -> None:
        assert held_by(kind()).extent <= MUCH

    def test_a_long_text_is_much(self) -> None:
        assert held_by(holding("x" * 10_000_000)).extent == MUCH

    def test_runs_no_code_of_the_objects(self) -> None:
        exc = grows()
        before = len(exc.held)
        held_by(exc)
        assert len(exc.held) == before

    def test_a_traceback_is_not_counted(self) -> None:
        try:
            big = [object() for _ in range(2 * MUCH)]
            raise holding(len(big))
        except HoldsError as exc:
            assert held_by(exc).extent < MUCH
