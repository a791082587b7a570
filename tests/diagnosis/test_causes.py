"""Each cause fires where it should (see test_round_trip for the real trips) and stays silent elsewhere."""

from __future__ import annotations

import pickle
from typing import Any

import error_zoo as zoo
import pytest

from pytest_portable_errors.diagnosis import causes
from pytest_portable_errors.diagnosis.causes import diagnose
from pytest_portable_errors.diagnosis.facts import Elsewhere, Facts
from pytest_portable_errors.diagnosis.findings import Diagnosis
from pytest_portable_errors.diagnosis.losses import Loss
from pytest_portable_errors.diagnosis.payload import read
from pytest_portable_errors.receiver.record import describe

ARRIVAL = Loss(kind="arrival", path="exc", sent="s", received="r")
MESSAGE = Loss(kind="message", path="message", sent="s", received="r")
CHAIN = Loss(kind="chain", path="exc.__cause__", sent="s", received="None")


def facts(exc: BaseException, **known: Any) -> Facts:
    defaults: dict[str, Any] = {"stage": "arrived", "losses": (MESSAGE,), "reading": read(pickle.dumps(exc)), "error": None}
    return Facts(cls=type(exc), sent=describe(exc), **{**defaults, **known})


def error(type_name: str, text: str = "m") -> dict[str, Any]:
    return {"type": f"builtins.{type_name}", "message": {"text": text}, "module": None}


def cause(given: Facts) -> str | None:
    found = diagnose(given)
    return None if found is None else found.cause


MISSING = (("error_zoo", "Portable", "error_zoo"),)


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (facts(zoo.Portable("a"), stage="crashed", losses=(ARRIVAL,), how="ended by SIGSEGV"), "crashes-the-receiver"),
        (facts(zoo.Portable("a"), stage="timed-out", losses=(ARRIVAL,), how="no answer"), "hangs-the-receiver"),
        (
            facts(zoo.Portable("a"), stage="dumps", losses=(ARRIVAL,), unpicklable="exc.a (x)", error=error("TypeError")),
            "value-cannot-be-pickled",
        ),
        (facts(zoo.DropsState("a"), stage="dumps", losses=(ARRIVAL,), error=error("TypeError")), "reduce-failed"),
        (facts(zoo.Portable("a"), stage="dumps", losses=(ARRIVAL,), error=error("TypeError")), "dumps-failed"),
        (
            facts(zoo.Portable("a"), stage="loads", losses=(ARRIVAL,), missing=MISSING, error=error("ModuleNotFoundError")),
            "class-not-importable",
        ),
        # a TypeError says that the missing name was not yet reached
        (facts(zoo.Portable("a"), stage="loads", losses=(ARRIVAL,), missing=MISSING, error=error("TypeError")), "init-rejects-args"),
        (facts(zoo.PaymentError(1, "a"), stage="loads", losses=(ARRIVAL,), error=error("TypeError")), "init-does-not-fit-args"),
        (facts(ValueError("a"), stage="loads", losses=(ARRIVAL,), error=error("TypeError")), "loads-failed"),
        (facts(zoo.NotFound("a")), "init-rewrites-message"),
        (facts(zoo.DropsState("a")), "reduce-drops-state"),
        (facts(zoo.Portable("a"), losses=(CHAIN,)), "chain-dropped"),
        (facts(ValueError("a"), reading=read(pickle.dumps(KeyError("a")))), "rebuilt-otherwise"),
        # a link that lost something itself is not dropped
        (facts(ValueError("a"), losses=(Loss(kind="chain", path="exc.__cause__.code", sent="1", received="2"),)), None),
        (facts(ValueError("a")), None),
    ],
)
def test_causes(given: Facts, expected: str | None) -> None:
    assert cause(given) == expected


def test_a_defect_that_is_there_with_the_project_too_is_the_one_that_is_told() -> None:
    elsewhere = Elsewhere(losses=(ARRIVAL,), diagnosis=Diagnosis(cause="init-does-not-fit-args", why="because"))
    given = facts(
        zoo.Portable("a"), stage="loads", losses=(ARRIVAL,), missing=MISSING, error=error("ModuleNotFoundError"), with_project=elsewhere
    )
    found = diagnose(given)
    assert found is not None
    assert found.cause == "init-does-not-fit-args"
    assert "broken everywhere" in found.why


def test_a_chain_that_pickle_drops_anyhow_is_not_called_broken_everywhere() -> None:
    given = facts(
        zoo.Portable("a"),
        stage="loads",
        losses=(ARRIVAL,),
        missing=MISSING,
        error=error("ModuleNotFoundError"),
        with_project=Elsewhere(losses=(CHAIN,), diagnosis=Diagnosis(cause="chain-dropped", why="")),
    )
    found = diagnose(given)
    assert found is not None
    assert found.cause == "class-not-importable"
    assert "it arrives, but without its chain" in found.why


def test_every_rule_of_the_module_is_in_the_order() -> None:
    rules = {
        value
        for name, value in vars(causes).items()
        if getattr(value, "__annotations__", {}).get("facts") == "Facts" and name not in ("diagnose", "_apply")
    }
    assert rules == set(causes.CAUSES)
