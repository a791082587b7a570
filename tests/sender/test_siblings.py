"""A fix is tried on other instances than the one that it was proposed for."""

from __future__ import annotations

import threading
from typing import Any

import error_zoo as zoo
import pytest

from pytest_portable_errors.receiver.fields import is_importable
from pytest_portable_errors.sender import siblings
from pytest_portable_errors.sender.serializers import Pickle
from pytest_portable_errors.sender.siblings import family, siblings_of

LOCK = type(threading.Lock())


def made(exc: BaseException, owner: type | None = None, lost: tuple[str, ...] = ()) -> list[Any]:
    return list(siblings_of(exc, owner or type(exc), lost, Pickle()))


def noted(instances: list[Any]) -> list[Any]:
    return [one for one in instances if getattr(one, "__notes__", None) == ["added later"]]


def holding_locks(instances: list[Any]) -> list[list[str]]:
    """The attributes that hold a lock, by instance; without those that hold none."""
    held = ([name for name, value in vars(one).items() if type(value) is LOCK] for one in instances)
    return [names for names in held if names]


class RefusesAttributes(Exception):
    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError(name)


class Numbers(zoo.Refused):
    """Has many heirs."""


HEIRS = [
    type(f"Number{n}", (Numbers,), {"__module__": __name__, "__qualname__": f"Number{n}"})
    for n in range(9)
]
globals().update({heir.__name__: heir for heir in HEIRS})


def test_a_copy_has_a_note_and_the_exception_itself_has_none() -> None:
    exc = zoo.PaymentError(7, "declined")
    (copy,) = noted(made(exc))
    assert type(copy) is zoo.PaymentError
    assert (copy.args, copy.order_id, copy.reason) == (exc.args, 7, "declined")
    assert not hasattr(exc, "__notes__")


def test_a_class_that_takes_no_note_has_no_such_copy_and_the_others_all_the_same() -> None:
    instances = made(RefusesAttributes("m"))
    assert noted(instances) == []
    assert {type(one) for one in instances} == {RefusesAttributes}


def test_what_may_hold_anything_is_tried_with_a_lock_where_the_class_chooses() -> None:
    exc = zoo.DropsState("m")
    exc.__dict__.update(pool=zoo.Holder(), client=None, code=3)
    assert holding_locks(made(exc)) == [["pool"], ["client"]], "a number is no object"
    assert holding_locks(made(exc, lost=("client", "code", "__notes__"))) == [["client"], ["pool"]]
    assert type(exc.__dict__["pool"]) is zoo.Holder


def test_no_lock_is_tried_where_python_pickles_the_class_because_that_chooses_nothing() -> None:
    exc = zoo.Portable("m")
    exc.__dict__["client"] = zoo.Holder()
    assert holding_locks(made(exc, lost=("client",))) == []


def test_four_locks_at_most() -> None:
    exc, names = zoo.DropsState("m"), tuple(f"client{n}" for n in range(9))
    exc.__dict__.update({name: zoo.Holder() for name in names})
    assert len(holding_locks(made(exc, lost=names))) == 4


def test_the_class_its_owner_and_those_that_inherit_are_built() -> None:
    types = {type(one) for one in made(zoo.RefusedTwice(3, "m"), zoo.Refused)}
    assert {zoo.Refused, zoo.RefusedTwice, zoo.RefusedForGood} <= types
    own = {type(one) for one in made(zoo.RefusedTwice(3, "m"))}
    assert own == {zoo.RefusedTwice}, "a fix of the class itself reaches no other"


def test_six_of_those_that_inherit_at_most() -> None:
    types = {type(one) for one in made(Numbers(3, "m"), Numbers)}
    assert types == {Numbers, *HEIRS[:6]}


def test_what_cannot_be_built_is_passed_over() -> None:
    class Refuses(Exception):
        def __init__(self, *args: object) -> None:
            raise RuntimeError("not today")

    instances = made(Refuses.__new__(Refuses))
    assert instances == noted(instances)
    assert len(instances) == 1, "the copy, which no constructor makes"


def test_nothing_is_built_outside_the_main_thread() -> None:
    """A constructor that hangs could not be ended there."""
    exc, instances = zoo.PaymentError(7, "declined"), list[Any]()
    thread = threading.Thread(target=lambda: instances.extend(made(exc)))
    thread.start()
    thread.join()
    assert instances == noted(instances) != []
    assert len(made(exc)) > 1, "the control"


class Left(zoo.Refused): ...


class Right(zoo.Refused): ...


class Both(Left, Right):
    """Below a class by two ways."""


def test_a_family_has_each_class_once_and_none_that_has_no_name() -> None:
    class Local(zoo.Refused):
        pass

    found = family(zoo.Refused)
    assert found[0] is zoo.Refused
    assert {zoo.RefusedTwice, Left, Right, Both} <= set(found)
    assert len(found) == len(set(found))
    assert Local not in found
    assert all(map(is_importable, found))


def test_a_metaclass_is_not_asked_for_the_subclasses(monkeypatch: pytest.MonkeyPatch) -> None:
    class Hostile(type):
        def __subclasses__(cls) -> list[Any]:
            raise RuntimeError

    closed = Hostile("Closed", (Exception,), {"__module__": __name__, "__qualname__": "Closed"})
    monkeypatch.setitem(globals(), "Closed", closed)
    assert siblings.family(closed) == [closed]


class Finalized(Exception):
    """Its end needs what only its library puts there."""

    def __init__(self, state: Any) -> None:
        super().__init__(state)
        self.state = state

    def __del__(self) -> None:
        self.state.condition  # noqa: B018  # as grpc's does


def test_none_is_made_up_of_a_class_that_has_an_end_of_its_own() -> None:
    """It would raise whenever the garbage collector runs."""
    held = type("State", (), {"condition": 1})()
    assert made(Finalized(held)) == []
    assert siblings.may_be_built(zoo.PaymentError), "the control"
    assert not siblings.may_be_built(Finalized)


def test_no_lock_is_put_into_what_python_keeps(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(siblings, "chooses", lambda *_: True)
    error = zoo.PaymentError(7, "m")
    error.client = None  # type: ignore[attr-defined]  # as programs do
    assert ["client"] in holding_locks(made(error))
    assert holding_locks(made(ConnectionError(1, "m"))) == []
