"""Which changes are tried, in which order, and what is changed about one that did not suffice. How
they fare is sender/test_trials.py's."""

from __future__ import annotations

import json
from typing import Any

import error_zoo as zoo
import pytest
from diagnosis.trips import facts

from pytest_portable_errors.diagnosis.candidate import Candidate
from pytest_portable_errors.diagnosis.chain_recipe import WithChain
from pytest_portable_errors.diagnosis.fixes import FixContext, candidates
from pytest_portable_errors.diagnosis.recipe_target import Named, Target
from pytest_portable_errors.diagnosis.recipes import (
    AndState,
    ByConstructor,
    Downgrade,
    WithoutInit,
)

EXCEPTION = Named("builtins", "Exception")
OURS = Target(module="shop", qualname="PaymentError", in_class=True, importable=True)


class Declined(json.JSONDecodeError):
    """A library's class is its base."""


class Stopped(SystemExit):
    """No ``Exception``."""


class Parameters(Exception):
    """A constructor with a parameter of each kind."""

    def __init__(self, name: str, *rest: object, code: int, **more: object) -> None:
        super().__init__(f"{name} {code}")
        self.name, self._code = name, code


def offered(exc: BaseException, *, is_ours: bool = True, **asked: Any) -> list[Candidate]:
    known = {"missing": asked.pop("missing")} if "missing" in asked else {}
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
        ByConstructor(positional=("order_id", "reason"), with_state=False),
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
            last,
        ]
        assert AndState() not in [one.recipe for one in offered(zoo.DropsState("m"))], (
            "the project's is edited"
        )
        assert AndState() not in [
            one.recipe for one in offered(zoo.NotFound("bob"), is_ours=False)
        ], "it has none of its own"

    def test_of_a_built_in_class_which_does_not_become_itself(self) -> None:
        assert [(one.title, one.arrives_as) for one in offered(ValueError("a"))][-2:] == [
            ("send ValueError with its message alone", None),
            (
                (
                    "let ValueError arrive as Exception, with its message, and say so: "
                    "arrives_as=Exception"
                ),
                "builtins.Exception",
            ),
        ]

    def test_what_lies_in_slots_is_restored(self) -> None:
        exc = zoo.Slotted("m")
        exc.code = 3
        assert WithoutInit(base="Exception", fields=("code",)) in [
            one.recipe for one in offered(exc)
        ]

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
            "def __reduce__(self):\n    import functools\n\n"
            "    return functools.partial(type(self), code=self._code), (self.name,), "
            "self.__dict__\n"
        )

    def test_an_argument_that_cannot_travel_is_written_as_text(self) -> None:
        assert WithoutInit(base="Exception", as_text=(1,)).code(OURS) == (
            "def __reduce__(self):\n"
            "    # Without __init__: the receiver needs the class and nothing else.\n"
            "    args = tuple((str if len(self.args) == 1 else repr)(arg) if n in {1} else arg "
            "for n, arg in enumerate(self.args))\n"
            '    state = {"args": args, **self.__dict__}\n'
            "    return Exception.__new__, (type(self), *args), state\n"
        )

    def test_one_field_in_c_is_still_a_tuple_of_names(self) -> None:
        assert WithoutInit(base="Exception", fields=("code",)).code(OURS) == (
            "def __reduce__(self):\n"
            "    # Without __init__: the receiver needs the class and nothing else.\n"
            "    state = {\n"
            '        "args": self.args,\n'
            '        **{name: getattr(self, name) for name in ("code",) if getattr(self, name, '
            "None) is not None},\n"
            "        **self.__dict__,\n"
            "    }\n"
            "    return Exception.__new__, (type(self), *self.args), state\n"
        )

    def test_a_built_in_class_is_not_imported(self) -> None:
        written = WithChain(known=(), becomes=Named("builtins", "ValueError")).code(OURS)
        assert written.startswith(
            "def __reduce__(self):\n    import sys\n    import types\n\n    # Rebuilt without "
            "__init__,"
        )
        assert (
            "        if exc is self:\n            cls, args, state = ValueError, (str(exc),), "
            "notes\n"
            '        if cls.__module__.partition(".")[0] not in known:\n'
        ) in written
        target = Target(module="builtins", qualname="ValueError", in_class=False, importable=True)
        assert Downgrade(base="Exception", lacks_class=False).code(target) == (
            "import copyreg\n\n\ndef reduce_exception(error):\n    # With its message alone.\n "
            "   return Exception, (str(error),)\n\n\n"
            "copyreg.pickle(ValueError, reduce_exception)\n"
        )

    def test_what_it_is_to_become_is_imported(self) -> None:
        becomes = Named("json.decoder", "JSONDecodeError")
        written = WithChain(known=(), becomes=becomes).code(OURS)
        assert "    from json.decoder import JSONDecodeError\n" in written
        assert "if exc is self:\n            cls = JSONDecodeError\n" in written
        assert (str(becomes), str(Named("builtins", "ValueError"))) == (
            "json.decoder.JSONDecodeError",
            "ValueError",
        )

    def test_a_class_that_no_module_holds_is_registered_where_it_is_made(self) -> None:
        made = Target(
            module="shop", qualname="make.<locals>.Made", in_class=False, importable=False
        )
        assert Downgrade(base="ValueError", lacks_class=True).code(made) == (
            "import copyreg\n\n\ndef reduce_exception(error):\n    # The receiver lacks the "
            "class.\n    return ValueError, (str(error),)\n\n\n"
            "copyreg.pickle(cls, reduce_exception)  # cls: shop.make.<locals>.Made, wherever "
            "it is made; no module holds it\n"
        )
