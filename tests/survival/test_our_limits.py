"""A limit of this plugin is no defect of a class: what is past it is not checked, and said to be so
with its size; and what is within it is cheap."""

from __future__ import annotations

import importlib
import os
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import error_zoo as zoo
import pytest

from pytest_portable_errors import Stage, check_round_trip
from pytest_portable_errors.receiver import values
from pytest_portable_errors.receiver.budget import VALUES
from pytest_portable_errors.receiver.canonical import canonical
from pytest_portable_errors.receiver.record import describe, is_cut
from pytest_portable_errors.receiver.values import PLAIN_PAIRS
from pytest_portable_errors.sender.receivers import Receivers

SLOW = """
import os

class SlowToDescribe(Exception):
    def __str__(self):
        while os.getpid() != {here}:  # in every process but this one
            pass
        return "slow"
"""


class TestNotChecked:
    def test_what_takes_too_long_to_be_described(
        self, receivers: Receivers, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        (tmp_path / "slow_library.py").write_text(SLOW.format(here=os.getpid()))
        monkeypatch.syspath_prepend(tmp_path)
        exc = importlib.import_module("slow_library").SlowToDescribe("a")
        trip = check_round_trip(exc, receiver="with-project", timeout=1.0)
        assert (trip.stage, trip.diagnosis) == (Stage.TIMED_OUT, None)
        assert trip.over_limit is not None
        assert trip.over_limit.startswith("it took more than 1 s to be described (its payload has ")
        assert str(trip).startswith(
            f"slow_library.SlowToDescribe was not checked: {trip.over_limit}"
        )

    def test_a_loads_without_end_is_a_defect(self, receivers: Receivers) -> None:
        """The control."""
        trip = check_round_trip(zoo.Spins("a"), receiver="with-project", timeout=1.0)
        assert (trip.stage, trip.over_limit) == (Stage.TIMED_OUT, None)
        assert trip.diagnosis is not None

    SOURCE = """
from pytest_portable_errors.sender import outgoing, serializers
outgoing.PAYLOAD_LIMIT = serializers.PAYLOAD_LIMIT = 100_000

class Held(Whole):
    pass

def test_large():
    with pytest.raises(Whole):
        raise Whole("x" * 200_000)
"""

    def test_a_run_passes_and_says_what_it_did_not_check(self, run: Any) -> None:
        flags = ("--portable-errors", "--portable-errors-receiver=with-project", "test_shop.py")
        result = run(self.SOURCE, *flags)
        result.assert_outcomes(passed=1)
        assert result.ret == 0
        result.stdout.fnmatch_lines(
            [
                (
                    "not checked: shop.errors.Whole: its payload is too large (0.2 MB or more; the "
                    "limit is 0.1 MB)"
                ),
                "*checked 1 class, 0 exceptions: 0 whole, 1 not checked",
            ]
        )
        result.stdout.no_fnmatch_line("*defect*")

    def test_a_class_of_which_others_were_checked(self, run: Any) -> None:
        other = "def test_small():\n    with pytest.raises(Whole): raise Whole('a')\n"
        flags = ("--portable-errors", "--portable-errors-receiver=with-project", "test_shop.py")
        result = run(self.SOURCE + other, *flags)
        result.assert_outcomes(passed=2)
        result.stdout.fnmatch_lines(
            [
                (
                    "not looked at: its payload is too large (0.2 MB or more; the limit is 0.1 MB) "
                    "(1 exception: shop.errors.Whole)"
                ),
                "*checked 1 class, 1 exception: 1 whole",
            ]
        )

    def test_others_of_its_shape_are_checked_all_the_same(self, run: Any) -> None:
        """One that was not checked says nothing of them."""
        others = """
@pytest.mark.parametrize("number", range(8))
def test_it(number):
    with pytest.raises(Whole):
        raise Whole("x" * 200_000 if number < 4 else "small")
"""
        flags = ("--portable-errors", "--portable-errors-receiver=with-project", "test_shop.py")
        source = self.SOURCE.partition("def test_large")[0] + others
        result = run(source, *flags)
        result.assert_outcomes(passed=8)
        result.stdout.fnmatch_lines(
            [
                "not looked at: its payload is too large * (4 exceptions: shop.errors.Whole)",
                "*checked 1 class, 4 exceptions: 1 whole",
            ]
        )

    def test_a_marked_test_fails(self, run: Any) -> None:
        """Whoever marks a test asks for a check."""
        source = self.SOURCE.replace("def test_large", "@pytest.mark.portable_exception\ndef test")
        result = run(source, "-o", "portable_errors_receiver=with-project", "test_shop.py")
        result.assert_outcomes(failed=1)
        result.stdout.fnmatch_lines(
            [
                "shop.errors.Whole was not checked: its payload is too large (0.2 MB or more*",
                "  next      let it hold less in the test: a limit of this plugin is no defect",
            ]
        )


class TestDescriptionsStopEarly:
    """What is done for a value is bounded, whatever it holds."""

    @pytest.fixture
    def calls(self, monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
        """How often a value was described, and how often one was written as JSON."""
        calls: Counter[str] = Counter()

        def counted(name: str, function: Any) -> Any:
            def call(*args: Any) -> Any:
                calls[name] += 1
                return function(*args)

            return call

        monkeypatch.setattr(values, "canonical", counted("written", canonical))
        monkeypatch.setattr(values.Describer, "value", counted("described", values.Describer.value))
        return calls

    @pytest.mark.parametrize("size", [10_000, 300_000])
    @pytest.mark.parametrize("key", [int, str], ids=["int", "str"])
    def test_a_dict(self, calls: Counter[str], size: int, key: Any) -> None:
        record = describe(ValueError({key(number): number for number in range(size)}))
        assert calls["written"] <= 2 * PLAIN_PAIRS
        assert calls["described"] <= 3 * VALUES
        assert is_cut(record) == (size > PLAIN_PAIRS)

    @pytest.mark.parametrize("size", [10, 100_000])
    def test_attributes(self, calls: Counter[str], size: int) -> None:
        exc = ValueError()
        vars(exc).update((f"a{number}", number) for number in range(size))
        record = describe(exc)
        assert calls["described"] <= 10 * VALUES
        described = record["exceptions"][0]["attributes"]
        assert len(described) == min(size, VALUES)
        assert is_cut(record) == (size > VALUES)
        # The first by name, in whatever order they were set.
        exc.__dict__ = dict(reversed(vars(exc).items()))
        assert describe(exc) == record

    def test_a_list_without_an_audit_event_for_each_item(self, receivers: Receivers) -> None:
        """Each event is a call of the receiver's own hook."""
        events: Counter[str] = Counter()
        is_on = True

        def count(event: str, args: object) -> None:
            del args
            if is_on:
                events[event] += 1

        sys.addaudithook(count)
        describe(ValueError(list(range(100_000))))
        is_on = False
        assert events["builtins.id"] < 10_000
