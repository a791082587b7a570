"""What a trip means: a defect of its class, one of three decisions that nobody has taken yet, or
nothing."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from types import SimpleNamespace
from typing import Any, cast

import pytest

from pytest_portable_errors.diagnosis.facts import Facts
from pytest_portable_errors.diagnosis.findings import Diagnosis
from pytest_portable_errors.diagnosis.loss import Loss
from pytest_portable_errors.judging import verdicts as verdict_module
from pytest_portable_errors.judging.verdicts import JudgedTrip, TripRequirements, judge
from pytest_portable_errors.receiver.described import Stage
from pytest_portable_errors.report.rows import Verdict
from pytest_portable_errors.sender.carriers.celery import JSON, PICKLE
from pytest_portable_errors.sender.pending_trip import PendingTrip
from pytest_portable_errors.sender.serializers import PICKLES, Serializer
from pytest_portable_errors.sender.trip import ExplainedTrip, RoundTrip

DECIDED = TripRequirements(receivers=("without-project",), checks=("message", "chain"), timeout=1.0)
RECEIVER_OPEN = replace(DECIDED, receiver_is_undecided=True)
CHAIN_OPEN = replace(DECIDED, chain_is_undecided=True)
BOTH_OPEN = replace(DECIDED, receiver_is_undecided=True, chain_is_undecided=True, is_repo_wide=True)


def trip(
    *kinds: str, cause: str | None = None, receiver: str = "without-project", **changes: Any
) -> RoundTrip:
    """A trip that lost these; with ``arrival`` nothing arrived."""
    return RoundTrip(
        serializer="pickle",
        receiver=receiver,
        stage=Stage.LOADS if "arrival" in kinds else Stage.ARRIVED,
        sent={"exceptions": [{"type": "shop.errors.A"}]},
        received=None if "arrival" in kinds else {"exceptions": []},
        losses=tuple(Loss(kind=kind, path="exc", sent="a", received="b") for kind in kinds),
        diagnosis=None if cause is None else Diagnosis(cause=cause, why="", evidence=()),
        **changes,
    )


WHOLE = trip()
WHOLE_THERE = trip(receiver="with-project")
BROKEN_THERE = trip("message", receiver="with-project")
LACKS = trip("arrival", cause="class-not-importable", with_project=WHOLE_THERE)
LACKS_AND_BROKEN = trip("arrival", cause="class-not-importable", with_project=BROKEN_THERE)
DROPPED = trip("chain", cause="chain-dropped")


class OfShop(Exception):
    """Stands for a class of the project."""

    __module__ = "shop.errors"


class OfLibrary(Exception):
    """Stands for a class of others."""

    __module__ = "library.errors"


@dataclass(frozen=True)
class FakePendingTrip:
    """One whose ends are known."""

    here: RoundTrip
    there: RoundTrip = WHOLE_THERE
    chain: RoundTrip = WHOLE
    cls: type[BaseException] = OfShop
    serializer: Serializer = PICKLES[0]

    @property
    def outgoing(self) -> SimpleNamespace:
        return SimpleNamespace(cls=self.cls, serializer=self.serializer)

    @property
    def receivers(self) -> SimpleNamespace:
        return SimpleNamespace(project=SimpleNamespace(owns="shop.errors".__eq__))

    @property
    def has_chain(self) -> bool:
        return self.chain is not WHOLE

    def with_project(self) -> FakePendingTrip:
        return replace(self, here=self.there)

    def comparing(self, checks: Collection[str]) -> FakePendingTrip:
        assert checks == ("chain",)
        return replace(self, here=self.chain)


@pytest.fixture(autouse=True)
def ends_that_are_known(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is sent: what is judged is where a trip ends."""
    no_facts = cast(Facts, None)
    monkeypatch.setattr(
        verdict_module, "arrive", lambda fake: ExplainedTrip(trip=fake.here, facts=no_facts)
    )
    monkeypatch.setattr(
        verdict_module, "lacks_project", lambda fake: fake.here.with_project is not None
    )


def verdicts(terms: TripRequirements, *begun: FakePendingTrip) -> list[tuple[Verdict, RoundTrip]]:
    return [
        (one.verdict, one.trip) for one in judge([cast(PendingTrip, one) for one in begun], terms)
    ]


@pytest.mark.parametrize("terms", [DECIDED, RECEIVER_OPEN, CHAIN_OPEN, BOTH_OPEN])
class TestWhateverIsDecided:
    def test_what_arrives_whole_is_well(self, terms: TripRequirements) -> None:
        assert verdicts(terms, FakePendingTrip(WHOLE)) == [(Verdict.WHOLE, WHOLE)]

    def test_what_is_lost_everywhere_is_a_defect(self, terms: TripRequirements) -> None:
        lost = trip("message")
        there = BROKEN_THERE
        ((verdict, found),) = verdicts(terms, FakePendingTrip(lost, there=there))
        assert verdict is Verdict.DEFECT
        assert found.losses == lost.losses

    def test_every_trip_is_judged_in_order(self, terms: TripRequirements) -> None:
        found = verdicts(
            terms,
            FakePendingTrip(WHOLE),
            FakePendingTrip(trip("args"), there=trip("args")),
            FakePendingTrip(WHOLE),
        )
        assert [verdict for verdict, _ in found] == [Verdict.WHOLE, Verdict.DEFECT, Verdict.WHOLE]


class TestTheReceiver:
    def test_while_it_is_open_what_arrives_only_with_the_project_is_a_decision(self) -> None:
        ((verdict, _),) = verdicts(RECEIVER_OPEN, FakePendingTrip(LACKS))
        assert verdict is Verdict.LACKS_PROJECT

    def test_so_it_is_for_whatever_reason_it_is_lost_without_the_project(self) -> None:
        pending = FakePendingTrip(trip("members", cause="dropped-by-python"), there=WHOLE_THERE)
        assert verdicts(RECEIVER_OPEN, pending) == [(Verdict.LACKS_PROJECT, WHOLE_THERE)]

    def test_once_it_is_chosen_the_same_is_a_defect(self) -> None:
        assert verdicts(DECIDED, FakePendingTrip(LACKS)) == [(Verdict.DEFECT, LACKS)]

    def test_what_is_broken_with_the_project_as_well_is_a_defect_and_told_as_it_is_there(
        self,
    ) -> None:
        pending = FakePendingTrip(LACKS_AND_BROKEN, there=BROKEN_THERE)
        assert verdicts(RECEIVER_OPEN, pending) == [(Verdict.DEFECT, BROKEN_THERE)]
        assert verdicts(DECIDED, pending) == [(Verdict.DEFECT, LACKS_AND_BROKEN)]


class TestTheChain:
    def test_while_it_is_open_a_chain_that_pickle_drops_is_a_decision(self) -> None:
        assert verdicts(CHAIN_OPEN, FakePendingTrip(WHOLE, chain=DROPPED)) == [
            (Verdict.DROPS_CHAIN, DROPPED)
        ]

    def test_a_chain_that_is_lost_for_another_reason_is_a_defect(self) -> None:
        flipped = trip("chain", cause="suppress-context-flipped")
        assert verdicts(CHAIN_OPEN, FakePendingTrip(WHOLE, chain=flipped)) == [
            (Verdict.DEFECT, flipped)
        ]

    def test_a_defect_and_the_chain_are_two_findings(self) -> None:
        lost = trip("message")
        assert verdicts(CHAIN_OPEN, FakePendingTrip(lost, chain=DROPPED)) == [
            (Verdict.DROPS_CHAIN, DROPPED),
            (Verdict.DEFECT, lost),
        ]

    def test_what_did_not_arrive_has_no_chain_to_ask_for(self) -> None:
        nothing = trip("arrival")
        assert verdicts(CHAIN_OPEN, FakePendingTrip(nothing, chain=DROPPED)) == [
            (Verdict.DEFECT, nothing)
        ]

    def test_both_decisions_of_one_exception(self) -> None:
        found = verdicts(BOTH_OPEN, FakePendingTrip(LACKS, chain=DROPPED))
        assert [verdict for verdict, _ in found] == [Verdict.DROPS_CHAIN, Verdict.LACKS_PROJECT]

    def test_once_it_is_chosen_nothing_is_asked_apart(self) -> None:
        assert verdicts(DECIDED, FakePendingTrip(WHOLE, chain=DROPPED)) == [(Verdict.WHOLE, WHOLE)]

    def test_nobody_is_asked_for_a_chain_that_the_carrier_never_carries(self) -> None:
        found = [
            verdicts(CHAIN_OPEN, FakePendingTrip(WHOLE, chain=DROPPED, serializer=carrier))
            for carrier in (JSON, PICKLE)
        ]
        assert found == [[(Verdict.WHOLE, WHOLE)], [(Verdict.DROPS_CHAIN, DROPPED)]]

    def test_a_chain_that_arrives_is_no_question(self) -> None:
        assert verdicts(CHAIN_OPEN, FakePendingTrip(WHOLE, chain=trip(receiver="with-chain"))) == [
            (Verdict.WHOLE, WHOLE)
        ]


class TestOfTests:
    LOCAL = trip("arrival", cause="class-not-importable", is_of_tests=True)
    HOLDS_A_MOCK = trip("arrival", cause="value-cannot-be-pickled", is_of_tests=True)

    def test_a_class_of_a_test_is_no_defect_where_they_are_spared(self) -> None:
        spared = replace(DECIDED, is_repo_wide=True)
        assert verdicts(spared, FakePendingTrip(self.LOCAL)) == [(Verdict.OF_TESTS, self.LOCAL)]

    def test_it_hangs_on_no_decision_because_no_receiver_has_it(self) -> None:
        assert verdicts(BOTH_OPEN, FakePendingTrip(self.LOCAL, chain=DROPPED)) == [
            (Verdict.OF_TESTS, self.LOCAL)
        ]

    def test_what_holds_a_tests_value_hangs_on_no_decision(self) -> None:
        assert verdicts(BOTH_OPEN, FakePendingTrip(self.HOLDS_A_MOCK)) == [
            (Verdict.OF_TESTS, self.HOLDS_A_MOCK)
        ]

    def test_under_a_marker_it_is_a_defect(self) -> None:
        assert verdicts(DECIDED, FakePendingTrip(self.LOCAL)) == [(Verdict.DEFECT, self.LOCAL)]


class TestSetUp:
    UNSET = trip("arrival", cause="receiver-not-set-up")
    OPEN = replace(DECIDED, setup_is_undecided=True, is_repo_wide=True)

    def test_while_it_is_open_a_receiver_that_was_not_set_up_is_a_decision(self) -> None:
        pending = FakePendingTrip(self.UNSET)
        assert verdicts(self.OPEN, pending) == [(Verdict.NOT_SET_UP, self.UNSET)]

    def test_once_it_is_taken_the_same_is_a_defect(self) -> None:
        pending = FakePendingTrip(self.UNSET)
        assert verdicts(DECIDED, pending) == [(Verdict.DEFECT, self.UNSET)]

    def test_what_arrives_with_the_project_waits_for_the_receiver_alone(self) -> None:
        both = replace(self.OPEN, receiver_is_undecided=True)
        pending = FakePendingTrip(self.UNSET, there=WHOLE_THERE)
        assert verdicts(both, pending) == [(Verdict.LACKS_PROJECT, WHOLE_THERE)]
        pending = FakePendingTrip(self.UNSET, there=self.UNSET)
        assert verdicts(both, pending) == [(Verdict.NOT_SET_UP, self.UNSET)]


class TestOfOthers:
    """What no class of the project can help."""

    DROPPED = trip("attributes", cause="dropped-by-python")
    REBUILT = trip("args", cause="rebuilt-from-args")
    ENDS = trip("arrival", cause="ends-a-process")

    def test_what_is_made_to_end_a_process_is_no_defect(self) -> None:
        pending = FakePendingTrip(self.ENDS, there=self.ENDS, cls=SystemExit)
        assert verdicts(BOTH_OPEN, pending) == [(Verdict.OF_PYTHON, self.ENDS)]

    @pytest.mark.parametrize("cls", [NameError, OfLibrary])
    def test_what_python_drops_of_a_class_of_others_is_no_defect(
        self, cls: type[Exception]
    ) -> None:
        pending = FakePendingTrip(self.DROPPED, there=self.DROPPED, cls=cls)
        assert verdicts(BOTH_OPEN, pending) == [(Verdict.OF_PYTHON, self.DROPPED)]

    def test_args_alone_of_a_class_of_others_are_no_defect(self) -> None:
        pending = FakePendingTrip(self.REBUILT, there=self.REBUILT, cls=OfLibrary)
        assert verdicts(BOTH_OPEN, pending) == [(Verdict.OTHER_ARGS, self.REBUILT)]

    def test_args_and_anything_else_are_a_defect_of_any_class(self) -> None:
        more = trip("args", "message", cause="rebuilt-from-args")
        pending = FakePendingTrip(more, there=more, cls=OfLibrary)
        assert verdicts(BOTH_OPEN, pending) == [(Verdict.DEFECT, more)]

    @pytest.mark.parametrize("lost", [DROPPED, REBUILT, ENDS])
    def test_of_a_class_of_the_projects_it_is_a_defect(self, lost: RoundTrip) -> None:
        pending = FakePendingTrip(lost, there=lost)
        assert verdicts(BOTH_OPEN, pending) == [(Verdict.DEFECT, lost)]

    @pytest.mark.parametrize("lost", [DROPPED, REBUILT, ENDS])
    def test_under_a_marker_it_is_a_defect(self, lost: RoundTrip) -> None:
        pending = FakePendingTrip(lost, cls=OfLibrary)
        assert verdicts(DECIDED, pending) == [(Verdict.DEFECT, lost)]


def test_what_the_baseline_knows_and_what_is_no_defect_do_not_fail() -> None:
    pending = cast(PendingTrip, FakePendingTrip(WHOLE))
    fails = {
        verdict: JudgedTrip(pending=pending, facts=None, trip=WHOLE, verdict=verdict).fails
        for verdict in Verdict
    }
    assert [verdict for verdict, does in fails.items() if does] == [Verdict.DEFECT]
    assert not JudgedTrip(
        pending=pending, facts=None, trip=WHOLE, verdict=Verdict.DEFECT, is_known=True
    ).fails
