"""Which changes are tried, in which order, and what is changed about one that did not suffice. How
they fare is sender/test_trials.py's."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from typing import Any

import error_zoo as zoo
import pytest
from diagnosis.trips import facts

from pytest_portable_errors.diagnosis.candidate import Candidate
from pytest_portable_errors.diagnosis.chain_recipe import WithChain
from pytest_portable_errors.diagnosis.fixes import FixContext, candidates
from pytest_portable_errors.diagnosis.pickle_reader import Reading
from pytest_portable_errors.diagnosis.recipe_target import Named, Target
from pytest_portable_errors.diagnosis.recipes import (
    AndState,
    AsCalled,
    ByConstructor,
    ByModule,
    Declaration,
    Downgrade,
    WithoutInit,
)
from pytest_portable_errors.receiver.record import describe

EXCEPTION = Named("builtins", "Exception")
OURS = Target(module="shop", qualname="PaymentError", method="__reduce__")


class Declined(json.JSONDecodeError):
    """A library's class is its base."""


class Stopped(SystemExit):
    """No ``Exception``."""


class Parameters(Exception):
    """A constructor with a parameter of each kind."""

    def __init__(self, name: str, *rest: object, code: int, **more: object) -> None:
        super().__init__(f"{name} {code}")
        self.name, self._code = name, code


class Restores(Exception):
    """A class that has a ``__setstate__`` of its own."""

    def __setstate__(self, state: Any) -> None: ...


class ByProtocol(Exception):
    """A class that pickle asks by ``__reduce_ex__``."""

    def __reduce_ex__(self, protocol: Any) -> tuple[Any, ...]:
        return type(self), self.args


@dataclass
class Fields(Exception):
    """A class that a decorator gives its constructor: its args are what it was called with."""

    code: int
    reason: str = "none"


def offered(exc: BaseException, *, is_ours: bool = True, **asked: Any) -> list[Candidate]:
    known = {name: asked.pop(name) for name in ("missing", "received", "reading") if name in asked}
    return list(
        candidates(
            facts(exc, **known),
            FixContext(is_ours=lambda _: is_ours, is_absent=lambda _: True),
            **asked,
        )
    )


def lacking(exc: BaseException) -> dict[str, Any]:
    return {"missing": ((type(exc).__module__, type(exc).__qualname__, "shop"),)}


def noted(exc: BaseException) -> BaseException:
    exc.__dict__["__notes__"] = ["seen"]
    return exc


class TestOrder:
    """The least invasive first. Where a chain has to arrive, what would lose it comes after what
    keeps it, or not at all."""

    CALLED = (
        ByConstructor(positional=("order_id", "reason")),
        ByConstructor(
            positional=("order_id", "reason"), with_state=False, made=("order_id", "reason")
        ),
    )
    CHAIN = WithChain(known=("error_zoo",))

    def test_of_a_class_of_the_project(self) -> None:
        last = Downgrade(base="Exception", lacks_class=False)
        assert [one.recipe for one in offered(zoo.PaymentError(7, "m"))] == [
            *self.CALLED,
            WithoutInit(base="Exception"),
            self.CHAIN,
            last,
        ]

    def test_of_one_that_has_a_chain(self) -> None:
        exc = zoo.chained(zoo.PaymentError(7, "m"), cause=KeyError("k"))
        assert [one.recipe for one in offered(exc)] == [
            self.CHAIN,
            *self.CALLED,
            WithChain(known=("error_zoo",), becomes=EXCEPTION),
        ]
        (first, *_, last) = offered(exc, needs_chain=False)
        assert (first.recipe, last.recipe) == (
            self.CALLED[0],
            Downgrade(base="Exception", lacks_class=False),
        )

    def test_of_a_librarys_class_whose_own_reducer_is_kept(self) -> None:
        last = Downgrade(base="Exception", lacks_class=False)
        assert [one.recipe for one in offered(zoo.DropsState("m"), is_ours=False)] == [
            AndState(),
            self.CHAIN,
            ByModule(known=("error_zoo",)),
            last,
        ]
        assert AndState() not in [one.recipe for one in offered(zoo.DropsState("m"))], (
            "the project's is edited"
        )
        assert AndState() not in [
            one.recipe for one in offered(zoo.NotFound("bob"), is_ours=False)
        ], "it has none of its own"

    def test_of_a_built_in_class_there_is_none_because_it_would_be_everybody_s(self) -> None:
        assert offered(ValueError("a")) == []
        assert offered(ValueError("a"), is_ours=False) == []

    def test_what_lies_in_slots_is_restored(self) -> None:
        assert WithoutInit(base="Exception", slots=("code",), any_slots=True) in [
            one.recipe for one in offered(zoo.Slotted("m"))
        ]

    def test_what_built_in_bases_keep_in_c_is_restored(self) -> None:
        (found,) = (
            one.recipe
            for one in offered(zoo.FilenameError("f"))
            if isinstance(one.recipe, WithoutInit)
        )
        assert (found.base, found.slots) == ("OSError", ())
        assert {"errno", "filename", "strerror"} <= set(found.fields)

    def test_past_a_setstate_of_the_class_s_own_comes_after_with_it(self) -> None:
        called = (WithoutInit(base="Exception"), WithoutInit(base="Exception", with_setter=True))
        known = (__name__.partition(".")[0],)
        chain = (WithChain(known=known), WithChain(known=known, with_setter=True))
        assert [one.recipe for one in offered(Restores("m"))][:-1] == [*called, *chain]
        assert not any(
            getattr(one.recipe, "with_setter", False) for one in offered(zoo.NotFound("bob"))
        ), "Python's own restores all"

    def test_of_a_dataclass_its_args_are_passed_as_they_were_given(self) -> None:
        made = AsCalled(names=("code", "reason"))
        assert [one.recipe for one in offered(Fields(3))][:2] == [
            made,
            AsCalled(names=("code", "reason"), with_state=False),
        ]
        assert made not in [one.recipe for one in offered(zoo.PaymentError(7, "m"))], "the control"

    def test_each_says_what_is_done_to_which_class(self) -> None:
        first, *_ = offered(zoo.NotFound("bob"))
        assert first.title.startswith("add __reduce__ to error_zoo.NotFound, which")
        first, *_ = offered(zoo.DropsState("m"))
        assert first.title.startswith("replace __reduce__ of error_zoo.DropsState, which")
        first, *_ = offered(ByProtocol("m"))
        assert first.title.startswith(f"replace __reduce_ex__ of {__name__}.ByProtocol, which")
        first, *_ = offered(zoo.NotFound("bob"), is_ours=False)
        assert first.title.startswith("register a reducer for error_zoo.NotFound, which")

    def test_a_downgrade_keeps_notes(self) -> None:
        assert offered(noted(zoo.NotFound("bob")))[-1].recipe == WithChain(
            known=("error_zoo",), becomes=EXCEPTION
        )
        (only,) = offered(noted(zoo.NotFound("bob")), declared="builtins.Exception")
        assert only.recipe == WithChain(known=(), becomes=EXCEPTION)


class TestDeclared:
    def test_nothing_else_is_tried(self) -> None:
        (only,) = offered(zoo.NotFound("bob"), declared="builtins.LookupError")
        assert only.title == "let error_zoo.NotFound arrive as LookupError, as is declared"
        assert (only.arrives_as, only.recipe) == (
            "builtins.LookupError",
            Downgrade(base="LookupError", lacks_class=True),
        )

    @pytest.mark.parametrize("declared", ["builtins.LookupError", "json.decoder.JSONDecodeError"])
    def test_what_has_a_chain_keeps_it_and_foreign_links_are_given_up_for_text(
        self, declared: str
    ) -> None:
        exc = zoo.chained(
            Declined("m", "doc", 0),
            cause=zoo.chained(zoo.PaymentError(7, "m"), cause=KeyError("k")),
        )
        (only,) = offered(exc, declared=declared)
        module, _, qualname = declared.rpartition(".")
        assert only.recipe == WithChain(known=(), becomes=Named(module, qualname))
        assert (only.arrives_as, only.gives_up) == (declared, ("exc.__cause__",))

    def test_a_library_s_class_is_not_mistaken_for_python_s_of_that_name(self) -> None:
        (only,) = offered(zoo.NotFound("bob"), declared="requests.exceptions.ConnectionError")
        assert only.recipe == WithChain(
            known=("error_zoo",), becomes=Named("requests.exceptions", "ConnectionError")
        )


class Made:
    """Stands for what makes classes at run time: no module holds those."""

    @staticmethod
    def error() -> BaseException:
        class Local(ValueError):
            pass

        return Local("m")


def offered_at_run_time(exc: BaseException, **known: Any) -> list[Candidate]:
    """Those of an exception that arrived as a ValueError; ``pickle`` refuses it here."""
    reading = Reading(names=(), calls=())
    return offered(exc, **{"received": describe(ValueError("m")), "reading": reading, **known})


class TestMadeAtRunTime:
    """A class that no module holds has no name that a reducer could be registered under."""

    def test_what_arrives_may_be_declared_and_nothing_else_is_offered(self) -> None:
        (only,) = offered_at_run_time(Made.error(), is_ours=False)
        assert (only.recipe, only.arrives_as, only.gives_up) == (
            Declaration(becomes="ValueError"),
            "builtins.ValueError",
            ("exc.__class__",),
        )
        assert only.code == (
            f'portable_errors_expect = ["{__name__}.Made.error.<locals>.Local -> '
            'builtins.ValueError"]\n'
        )

    def test_nothing_is_offered_where_it_does_not_arrive_or_as_what_has_no_name(self) -> None:
        as_itself = describe(Made.error())
        assert offered_at_run_time(Made.error(), is_ours=False, received=None) == []
        assert offered_at_run_time(Made.error(), is_ours=False, received=as_itself) == []

    def test_one_of_the_project_s_has_a_body_that_a_method_can_be_put_into(self) -> None:
        declared, *others = offered_at_run_time(Made.error())
        assert isinstance(declared.recipe, Declaration)
        assert {one.target.method for one in others} == {"__reduce__"}
        assert {one.gives_up for one in others} == {("exc.__class__",)}

    def test_a_class_of_the_project_whose_names_are_false_is_to_have_them_set_right(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        exc = Made.error()
        assert offered_at_run_time(exc) != [], "the control"
        monkeypatch.setitem(globals(), "Public", type(exc))
        assert offered_at_run_time(exc) == []


class TestDowngrades:
    def test_a_class_that_the_receiver_lacks_is_offered_its_bases_and_nothing_else(self) -> None:
        exc = zoo.NotFound("bob")
        assert [(one.arrives_as, one.gives_up) for one in offered(exc, **lacking(exc))] == [
            ("builtins.Exception", ("exc.__class__",))
        ]

    def test_a_librarys_base_comes_before_the_built_in_ones_unless_it_is_ours(self) -> None:
        exc = Declined("m", "doc", 0)
        assert [one.arrives_as for one in offered(exc, is_ours=False, **lacking(exc))] == [
            "json.decoder.JSONDecodeError",
            "builtins.ValueError",
            "builtins.Exception",
        ]
        assert [one.arrives_as for one in offered(exc, **lacking(exc))] == [
            "builtins.ValueError",
            "builtins.Exception",
        ]
        known = (__name__.partition(".")[0],)
        first = WithChain(known=known, becomes=Named("json.decoder", "JSONDecodeError"))
        assert offered(exc, is_ours=False, **lacking(exc))[0].recipe == first

    def test_what_is_no_exception_ends_with_the_last_built_in_base(self) -> None:
        exc = Stopped(3)
        assert [one.arrives_as for one in offered(exc, **lacking(exc))] == ["builtins.SystemExit"]


def test_a_constructor_is_called_with_what_it_stored_and_names_what_must_be_named() -> None:
    made = [
        one.recipe
        for one in offered(Parameters("bob", code=3))
        if isinstance(one.recipe, ByConstructor)
    ]
    assert [(one.positional, one.keyword, one.with_state) for one in made] == [
        (("name",), (("code", "_code"),), True),
        (("name",), (("code", "_code"),), False),
    ]


class TestCode:
    """What is pasted, where no trial shows it whole."""

    def test_a_parameter_that_must_be_named_is(self) -> None:
        assert ByConstructor(positional=("name",), keyword=(("code", "_code"),)).code(OURS) == (
            "def __reduce__(self):\n"
            '    """Pickle the call that makes it again."""\n'
            "    import functools\n\n"
            "    rebuild = functools.partial(type(self), code=self._code)\n"
            "    return rebuild, (self.name,), self.__dict__\n"
        )

    def test_what_was_given_by_keyword_is_passed_by_keyword(self) -> None:
        assert AsCalled(names=("code", "reason"), keyword=("hint",)).code(OURS) == (
            "def __reduce__(self):\n"
            '    """Pickle the call that made it."""\n'
            "    import functools\n\n"
            '    names = ("code", "reason")[len(self.args) :]\n'
            '    names += ("hint",)\n'
            "    keywords = {name: getattr(self, name) for name in names}\n"
            "    rebuild = functools.partial(type(self), **keywords)\n"
            "    return rebuild, self.args, self.__dict__\n"
        )

    def test_an_argument_that_cannot_travel_is_written_as_text(self) -> None:
        assert WithoutInit(base="Exception", as_text=(1,)).code(OURS) == (
            "def __reduce__(self):\n"
            '    """Pickle all that is stored, to be rebuilt without __init__."""\n'
            "    args = list(self.args)\n"
            "    for number in (1,):\n"
            "        if number < len(args):  # it cannot be rebuilt, and goes as text\n"
            "            shown = str if len(args) == 1 else repr\n"
            "            args[number] = shown(args[number])\n"
            '    state = {"args": tuple(args), **self.__dict__}\n'
            "    return Exception.__new__, (type(self), *args), state\n"
        )

    def test_an_argument_is_written_as_text_only_where_it_cannot_be_pickled(self) -> None:
        assert WithoutInit(base="Exception", stuck_args=True).code(OURS) == (
            "def __reduce__(self):\n"
            '    """Pickle all that is stored, to be rebuilt without __init__."""\n'
            "    import contextlib\n    import pickle\n\n"
            "    args = list(self.args)\n"
            "    for number, arg in enumerate(args):\n"
            "        with contextlib.suppress(Exception):\n"
            "            pickle.dumps(arg)\n"
            "            continue\n"
            "        # It cannot travel, and goes as text.\n"
            "        args[number] = str(arg) if len(args) == 1 else repr(arg)\n"
            '    state = {"args": tuple(args), **self.__dict__}\n'
            "    return Exception.__new__, (type(self), *args), state\n"
        )

    def test_a_slot_that_is_set_and_a_field_that_is_not_none_are_part_of_the_state(self) -> None:
        assert WithoutInit(base="OSError", slots=("code",), fields=("errno",)).code(OURS) == (
            "def __reduce__(self):\n"
            '    """Pickle all that is stored, to be rebuilt without __init__."""\n'
            '    state = {"args": self.args, **self.__dict__}\n'
            '    for name in ("code",):\n'
            "        if hasattr(self, name):\n"
            "            state[name] = getattr(self, name)\n"
            '    for name in ("errno",):\n'
            "        if getattr(self, name, None) is not None:\n"
            "            state[name] = getattr(self, name)\n"
            "    return OSError.__new__, (type(self), *self.args), state\n"
        )

    def test_what_cannot_be_rebuilt_is_none_always_and_what_is_stuck_where_it_is(self) -> None:
        assert WithoutInit(base="Exception", dropped=("__notes__", "pool"), stuck=("lock",)).code(
            OURS
        ) == (
            "def __reduce__(self):\n"
            '    """Pickle all that is stored, to be rebuilt without __init__."""\n'
            "    import contextlib\n    import pickle\n\n"
            '    state = {"args": self.args, **self.__dict__}\n'
            '    if "__notes__" in state:  # texts, whatever their classes\n'
            '        state["__notes__"] = [str(note) for note in state["__notes__"]]\n'
            '    for name in ("pool",):\n'
            "        if name in state:  # it cannot be rebuilt, and stays behind\n"
            "            state[name] = None\n"
            '    for name in ("lock",):\n'
            "        with contextlib.suppress(Exception):\n"
            "            pickle.dumps(state.get(name))\n"
            "            continue\n"
            "        state[name] = None  # it cannot travel, and stays behind\n"
            "    return Exception.__new__, (type(self), *self.args), state\n"
        )

    def test_a_state_that_is_restored_past_the_class_names_its_setter(self) -> None:
        setter = "None,\n            BaseException.__setstate__,\n"
        assert setter in WithChain(known=(), with_setter=True).code(OURS)
        assert setter not in WithChain(known=()).code(OURS)
        assert WithoutInit(base="Exception", with_setter=True).code(OURS) == (
            "def __reduce__(self):\n"
            '    """Pickle all that is stored, to be rebuilt without __init__."""\n'
            '    state = {"args": self.args, **self.__dict__}\n'
            "    return (\n"
            "        Exception.__new__,\n"
            "        (type(self), *self.args),\n"
            "        state,\n        None,\n        None,\n"
            "        BaseException.__setstate__,\n"
            "    )\n"
        )

    def test_the_method_that_is_told_the_protocol_takes_it(self) -> None:
        told = replace(OURS, method="__reduce_ex__", replaces=True)
        assert Downgrade(base="ValueError", lacks_class=True).code(told) == (
            "def __reduce_ex__(self, protocol):\n"
            '    """Send ValueError with the message, which the receiver has."""\n'
            "    return ValueError, (str(self),)\n"
        )

    def test_somebody_else_s_class_is_imported_and_its_reducer_registered(self) -> None:
        target = Target(module="shop", qualname="Order.Refused", method="")
        assert Downgrade(base="Exception", lacks_class=False).code(target) == (
            "import copyreg\n\nfrom shop import Order\n\n\n"
            "def reduce_exception(error):\n"
            '    """Send Exception with the message."""\n'
            "    return Exception, (str(error),)\n\n\n"
            "copyreg.pickle(Order.Refused, reduce_exception)\n"
        )

    def test_a_built_in_class_is_not_imported(self) -> None:
        written = WithChain(known=(), becomes=Named("builtins", "ValueError")).code(OURS)
        assert written.startswith(
            "def __reduce__(self):\n"
            '    """Pickle all that is stored, and the chain, to be rebuilt without __init__."""\n'
            "    import sys\n    import types\n\n    known = "
        )
        assert (
            "        if exc is self:\n            cls, args = ValueError, (str(exc),)\n"
            '            state = {name: state[name] for name in {"__notes__"} & state.keys()}\n'
        ) in written

    def test_what_it_is_to_become_is_imported(self) -> None:
        becomes = Named("json.decoder", "JSONDecodeError")
        written = WithChain(known=(), becomes=becomes).code(OURS)
        assert "    from json.decoder import JSONDecodeError\n" in written
        assert "if exc is self:\n            cls = JSONDecodeError\n" in written
        assert (str(becomes), str(Named("builtins", "ValueError"))) == (
            "json.decoder.JSONDecodeError",
            "ValueError",
        )

    @pytest.mark.parametrize(
        "recipe",
        [
            WithoutInit(base="Exception", with_setter=True, stuck=("a" * 30, "b" * 30)),
            AsCalled(names=("code", "reason"), keyword=("hint",)),
        ],
        ids=lambda recipe: type(recipe).__name__,
    )
    @pytest.mark.parametrize("method", ["__reduce__", "__reduce_ex__", ""])
    def test_a_line_that_would_be_long_is_broken_as_formatters_do(
        self, recipe: Any, method: str
    ) -> None:
        written = recipe.code(replace(OURS, method=method))
        compile(written, "fix", "exec")
        longest = max(map(len, written.splitlines()))
        assert longest <= 88 - 4 * bool(method), "a method stands in a class, by 4 columns"
