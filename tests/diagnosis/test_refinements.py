"""A candidate that did not suffice is changed, and says what it gives up."""

from __future__ import annotations

import error_zoo as zoo
import pytest

from pytest_portable_errors.diagnosis.candidate import Candidate
from pytest_portable_errors.diagnosis.chain_recipe import WithChain
from pytest_portable_errors.diagnosis.recipe_target import Target
from pytest_portable_errors.diagnosis.recipes import (
    ByConstructor,
    Recipe,
    WithoutInit,
)
from pytest_portable_errors.diagnosis.refinements import (
    linked_types,
    without_obstacle,
)
from pytest_portable_errors.receiver.record import describe

OURS = Target(module="shop", qualname="PaymentError", method="__reduce__")


def candidate(recipe: Recipe) -> Candidate:
    return Candidate(title="t", recipe=recipe, target=OURS)


def test_links_are_told_by_path_each_once() -> None:
    outer = zoo.chained(ValueError(), cause=zoo.chained(zoo.Portable("a"), context=KeyError()))
    exc = zoo.chained(zoo.CarriesChain("b"), context=outer)
    assert outer.__cause__ is not None
    assert outer.__cause__.__context__ is not None
    outer.__cause__.__context__.__cause__ = outer  # a circle
    assert linked_types(describe(exc)) == {
        "exc.__context__": "builtins.ValueError",
        "exc.__context__.__cause__": "error_zoo.Portable",
        "exc.__context__.__cause__.__context__": "builtins.KeyError",
    }


class TestRefined:
    SENT = describe(zoo.chained(ValueError("a"), cause=KeyError("k")))

    def test_an_argument_that_stopped_it_goes_as_text_and_covers_all_arguments(self) -> None:
        found = without_obstacle(
            candidate(WithoutInit(base="ValueError")),
            "exc.args[1].pool",
            self.SENT,
            is_stuck=False,
        )
        assert found is not None
        assert (found.recipe, found.gives_up) == (
            WithoutInit(base="ValueError", as_text=(1,)),
            ("exc.args[1]",),
        )
        assert found.covers("exc.args"), "several differ, and several may have been converted"
        assert not candidate(WithoutInit(base="ValueError")).covers("exc.args")

    def test_a_link_whose_argument_stopped_it_goes_as_text_whole(self) -> None:
        found = without_obstacle(
            candidate(WithChain(known=())), "exc.__cause__.args[0]", self.SENT, is_stuck=True
        )
        assert found is not None
        assert found.recipe == WithChain(known=(), links_as_text=("builtins.KeyError",))
        assert found.gives_up == ("exc.__cause__",)

    def test_an_attribute_of_a_link_that_stopped_it_is_left_out_and_the_link_stays(self) -> None:
        found = without_obstacle(
            candidate(WithChain(known=())), "exc.__cause__.pool", self.SENT, is_stuck=False
        )
        assert found is not None
        assert (found.recipe, found.gives_up) == (
            WithChain(known=(), dropped=("pool",)),
            ("exc.__cause__.pool",),
        )

    def test_what_cannot_be_pickled_is_left_behind_only_where_it_cannot(self) -> None:
        """Another instance may hold something there that can."""
        plain = candidate(WithoutInit(base="ValueError"))
        found = without_obstacle(plain, "exc.pool.lock", self.SENT, is_stuck=True)
        assert found is not None
        assert (found.recipe, found.gives_up, found.undeclared) == (
            WithoutInit(base="ValueError", stuck=("pool",)),
            ("exc.pool",),
            (),
        )
        found = without_obstacle(plain, "exc.args[1]", self.SENT, is_stuck=True)
        assert found is not None
        assert found.recipe == WithoutInit(base="ValueError", stuck_args=True)
        assert found.covers("exc.args")

    def test_what_stops_it_though_it_is_left_behind_then_is_always_left_out(self) -> None:
        """A trip may fail at what can be pickled by itself."""
        stuck = candidate(WithoutInit(base="ValueError", stuck=("pool",), stuck_args=True))
        found = without_obstacle(stuck, "exc.pool", self.SENT, is_stuck=True)
        assert found is not None
        assert (found.recipe, found.undeclared) == (
            WithoutInit(base="ValueError", stuck=("pool",), dropped=("pool",), stuck_args=True),
            ("pool",),
        )
        found = without_obstacle(stuck, "exc.args[0]", self.SENT, is_stuck=True)
        assert found is not None
        assert found.recipe == WithoutInit(
            base="ValueError", stuck=("pool",), stuck_args=True, as_text=(0,)
        )

    def test_notes_that_stop_it_become_texts(self) -> None:
        found = without_obstacle(
            candidate(WithoutInit(base="ValueError")), "exc.__notes__[0]", self.SENT, is_stuck=True
        )
        assert found is not None
        assert found.recipe == WithoutInit(base="ValueError", dropped=("__notes__",))

    def test_a_recipe_that_calls_the_class_leaves_nothing_out(self) -> None:
        called = candidate(ByConstructor(positional=("pool",)))
        assert without_obstacle(called, "exc.pool", self.SENT, is_stuck=True) is None

    @pytest.mark.parametrize("stopped_at", ["exc", "exc.__context__.args[0]"])
    def test_what_the_record_does_not_have_cannot_be_left_out(self, stopped_at: str) -> None:
        for is_stuck in (True, False):
            found = without_obstacle(
                candidate(WithChain(known=())), stopped_at, self.SENT, is_stuck=is_stuck
            )
            assert found is None
