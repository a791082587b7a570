"""What lies in a payload has the path that a reader of the exception would write, whatever the
protocol."""

from __future__ import annotations

import collections
import functools
import pickle
import sys
import types
from collections.abc import Callable
from typing import Any

import cloudpickle
import error_zoo as zoo
import httpx
import pytest

from pytest_portable_errors.diagnosis import pickle_paths
from pytest_portable_errors.diagnosis.pickle_machine import Call, Global, Pairs
from pytest_portable_errors.diagnosis.pickle_paths import (
    built_class,
    looks_like_exception,
    path_of,
    payload_values,
)
from pytest_portable_errors.diagnosis.pickle_reader import read

NEEDLE = "needle"
DUMPS: dict[str, Callable[[BaseException], bytes]] = {
    **{
        f"pickle:{n}": functools.partial(pickle.dumps, protocol=n)
        for n in range(pickle.HIGHEST_PROTOCOL + 1)
    },
    "cloudpickle": cloudpickle.dumps,
}
needs_groups = pytest.mark.skipif(sys.version_info < (3, 11), reason="ExceptionGroup is 3.11")
every_serializer = pytest.mark.parametrize("dumps", DUMPS.values(), ids=DUMPS)


def root_of(exc: BaseException, dumps: Callable[[BaseException], bytes] = pickle.dumps) -> object:
    reading = read(dumps(exc))
    assert reading.error is None
    return reading.root


def paths_to_needle(
    exc: BaseException, dumps: Callable[[BaseException], bytes] = pickle.dumps
) -> list[str]:
    return [
        place.path
        for place in payload_values(root_of(exc, dumps))
        if place.value in (NEEDLE, NEEDLE.encode())
    ]


def with_attributes(exc: Exception, **attributes: object) -> Exception:
    exc.__dict__.update(attributes)
    return exc


def group_of(*members: Exception) -> BaseException:
    return ExceptionGroup("several", members)  # noqa: F821  # a built-in since 3.11


def request() -> httpx.Request:
    return httpx.Request("POST", "https://shop.example/pay", headers={"Authorization": NEEDLE})


SHARED = [NEEDLE]
SUBJECTS: dict[str, tuple[BaseException, str]] = {
    "an argument": (ValueError("m", NEEDLE), "exc.args[1]"),
    "an attribute": (with_attributes(ValueError("m"), code=NEEDLE), "exc.code"),
    "bytes": (with_attributes(ValueError("m"), code=NEEDLE.encode()), "exc.code"),
    "nested": (
        with_attributes(ValueError("m"), client={"pool": [0, (1, NEEDLE)]}),
        "exc.client['pool'][1][1]",
    ),
    "nested in an argument": (ValueError({"pool": [0, (1, NEEDLE)]}), "exc.args[0]['pool'][1][1]"),
    "a key that is a number": (
        with_attributes(ValueError("m"), codes={3: NEEDLE, 4: ""}),
        "exc.codes[3]",
    ),
    "a key itself": (with_attributes(ValueError("m"), codes={NEEDLE: 3}), "exc.codes"),
    "a note": (with_attributes(ValueError("m"), __notes__=["a note", NEEDLE]), "exc.__notes__[1]"),
    "an ordered dict": (
        with_attributes(ValueError("m"), client=collections.OrderedDict(pool=NEEDLE)),
        "exc.client['pool']",
    ),
    "a default dict": (
        with_attributes(ValueError("m"), client=collections.defaultdict(str, pool=NEEDLE)),
        "exc.client['pool']",
    ),
    "a deque": (
        with_attributes(ValueError("m"), queue=collections.deque([0, NEEDLE])),
        "exc.queue[1]",
    ),
    "an object's attribute": (
        with_attributes(
            ValueError("m"), client=types.SimpleNamespace(pool=types.SimpleNamespace(key=NEEDLE))
        ),
        "exc.client.pool.key",
    ),
    "a field that Python keeps in C": (ImportError("m", name=NEEDLE), "exc.name"),
    "a cause that the state carries": (
        zoo.chained(zoo.CarriesChain("a"), cause=KeyError(NEEDLE)),
        "exc.__cause__.args[0]",
    ),
    "a context's attribute": (
        zoo.chained(
            zoo.CarriesChain("a"), context=with_attributes(KeyError("b"), codes=[0, NEEDLE])
        ),
        "exc.__context__.codes[1]",
    ),
    "a link of a link": (
        zoo.chained(
            zoo.CarriesChain("a"), cause=zoo.chained(zoo.CarriesChain("b"), cause=KeyError(NEEDLE))
        ),
        "exc.__cause__.__cause__.args[0]",
    ),
    "what is met twice": (with_attributes(ValueError("m", SHARED), same=SHARED), "exc.args[1][0]"),
}


class TestPlaces:
    @every_serializer
    @pytest.mark.parametrize(("exc", "path"), SUBJECTS.values(), ids=SUBJECTS)
    def test_a_value_has_one_path(
        self, exc: BaseException, path: str, dumps: Callable[[BaseException], bytes]
    ) -> None:
        assert paths_to_needle(exc, dumps) == [path]

    @needs_groups
    @every_serializer
    def test_members_of_groups_are_told_from_arguments(
        self, dumps: Callable[[BaseException], bytes]
    ) -> None:
        inner = with_attributes(ValueError("m"), code=NEEDLE)
        assert paths_to_needle(group_of(KeyError("a"), inner), dumps) == ["exc.exceptions[1].code"]
        # a built-in since 3.11
        group = ExceptionGroup  # noqa: F821  # a built-in since 3.11
        nested = group("outer", [group("inner", [KeyError(NEEDLE)])])
        assert paths_to_needle(nested, dumps) == ["exc.exceptions[0].exceptions[0].args[0]"]
        # a built-in since 3.11
        assert paths_to_needle(group(NEEDLE, [KeyError("a")]), dumps) == ["exc.args[0]"]

    @pytest.mark.parametrize(
        "dumps",
        [DUMPS[name] for name in DUMPS if name[-1] not in "01"],
        ids=[n for n in DUMPS if n[-1] not in "01"],
    )
    def test_a_slot_is_an_attribute(self, dumps: Callable[[BaseException], bytes]) -> None:
        assert paths_to_needle(
            with_attributes(ValueError("m"), client=zoo.Holder(NEEDLE)), dumps
        ) == ["exc.client.held"]
        assert paths_to_needle(
            with_attributes(ValueError("m"), client=zoo.Holder(key=NEEDLE)), dumps
        ) == ["exc.client.key"]

    def test_the_exception_itself_comes_first_and_the_rest_outward(self) -> None:
        root = root_of(with_attributes(ValueError("m"), a=[[NEEDLE]], b=NEEDLE))
        found = list(payload_values(root))
        assert (found[0].path, found[0].value) == ("exc", root)
        assert [place.path for place in found if place.value == NEEDLE] == ["exc.b", "exc.a[0][0]"]

    def test_a_place_knows_what_the_value_is_called_there(self) -> None:
        root = root_of(
            with_attributes(ValueError("m"), api_key="k", headers={"x-token": "t"}, plain=["p"])
        )
        names = {
            place.value: place.name
            for place in payload_values(root)
            if place.value in ("k", "t", "p")
        }
        assert names == {"k": "api_key", "t": "x-token", "p": None}

    def test_a_payload_that_holds_itself_has_an_end(self) -> None:
        circle: list[Any] = []
        circle.append(circle)
        assert [place.path for place in payload_values(root_of(ValueError(circle)))][
            -1
        ] == "exc.args[0]"

    def test_nothing_is_looked_up_twice(self) -> None:
        wide: list[Any] = []
        for _ in range(60):  # 2 ** 60 ways to the innermost
            wide = [wide, wide]
        count = sum(1 for _ in payload_values(root_of(ValueError(wide))))
        assert 60 < count < 200

    def test_a_state_that_is_no_dict_and_arguments_that_are_no_tuple_are_searched_too(self) -> None:
        made = Call(Global("shop", "Client"), NEEDLE, "reduce", state=[0, NEEDLE])
        assert [place.path for place in payload_values(made) if place.value == NEEDLE] == [
            "exc",
            "exc[1]",
        ]

    def test_however_much_it_holds_the_search_ends(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(pickle_paths, "_MOST_PLACES", 3)
        assert [place.path for place in payload_values([0, 1, 2, 3])] == ["exc", "exc[0]", "exc[1]"]


class TestHttpx:
    """The request of a failed call is kept with its headers, as pairs in a list that nobody
    knows."""

    @pytest.mark.parametrize("dumps", DUMPS.values(), ids=DUMPS)
    def test_a_header_has_the_path_by_which_httpx_gives_it(
        self, dumps: Callable[[BaseException], bytes]
    ) -> None:
        exc = with_attributes(ValueError("m"), request=request())
        assert paths_to_needle(exc, dumps) == ["exc.request.headers['authorization']"]
        assert request().headers["authorization"] == NEEDLE, (
            "the control: the path is one that can be pasted"
        )

    def test_the_name_of_the_header_is_told_as_it_was_written(self) -> None:
        root = root_of(with_attributes(ValueError("m"), request=request()))
        assert {place.name for place in payload_values(root) if place.value == NEEDLE.encode()} == {
            "Authorization"
        }

    def test_a_pair_in_an_attribute_that_is_public_is_a_pair(self) -> None:
        exc = with_attributes(ValueError("m"), headers=[("authorization", NEEDLE)])
        assert paths_to_needle(exc) == ["exc.headers[0][1]"]


class TestPathOf:
    @every_serializer
    def test_a_call_lies_where_what_it_makes_lies(
        self, dumps: Callable[[BaseException], bytes]
    ) -> None:
        reading = read(
            dumps(with_attributes(ValueError("m"), inner=[zoo.PaymentError(7, "declined")]))
        )
        (call,) = (
            call for call in reading.calls if call.function == Global("error_zoo", "PaymentError")
        )
        assert path_of(call, reading.root) == "exc.inner[0]"

    @every_serializer
    def test_a_name_lies_where_it_is_first_needed(
        self, dumps: Callable[[BaseException], bytes]
    ) -> None:
        exc = with_attributes(
            ValueError("m"),
            inner=[zoo.PaymentError(7, "declined"), zoo.PaymentError(8, "declined")],
        )
        assert path_of(Global("error_zoo", "PaymentError"), root_of(exc, dumps)) == "exc.inner[0]"

    def test_a_class_that_is_a_value_lies_where_it_is_kept(self) -> None:
        root = root_of(with_attributes(ValueError("m"), expected=zoo.Portable))
        assert path_of(Global("error_zoo", "Portable"), root) == "exc.expected"

    def test_the_name_of_the_exceptions_class_lies_at_the_exception(self) -> None:
        assert path_of(Global("error_zoo", "Portable"), root_of(zoo.Portable("m"))) == "exc"

    def test_a_state_setter_lies_where_its_object_does(self) -> None:
        made = Call(Global("shop", "Client"), (), "reduce")
        setter = Call(Global("shop", "set_state"), (made, {}), "reduce")
        root = Call(Global("builtins", "ValueError"), ("m", made), "reduce")
        assert path_of(setter, root) == "exc.args[1]"

    def test_what_is_nowhere_has_no_path(self) -> None:
        root = root_of(ValueError("m"))
        assert path_of(Global("shop", "Client"), root) is None
        assert path_of(Call(Global("builtins", "ValueError"), ("m",), "reduce"), root) is None, (
            "an equal one, and not that one"
        )


CLASS = Global("shop", "PaymentError")


class TestParts:
    """What no pickler of today writes, or only some library's reducer does."""

    def paths(self, root: object) -> list[str]:
        return [place.path for place in payload_values(root) if place.value == NEEDLE]

    def test_what_a_reconstructor_is_given_after_the_class_are_the_arguments(self) -> None:
        assert self.paths(Call(Global("shop", "_rebuild"), (CLASS, "m", NEEDLE), "reduce")) == [
            "exc.args[1]"
        ]

    def test_a_state_by_other_keys_than_names_is_one_of_items(self) -> None:
        root = Call(CLASS, (), "reduce", state=Pairs([(3, NEEDLE), (b"k", NEEDLE)]))
        assert self.paths(root) == ["exc[3]", "exc[b'k']"]
        assert {place.name for place in payload_values(root) if place.value == NEEDLE} == {
            None,
            "k",
        }

    def test_exceptions_in_a_list_are_members_as_the_second_argument_alone(self) -> None:
        made = Call(Global("builtins", "KeyError"), (NEEDLE,), "reduce")
        assert self.paths(Call(CLASS, ("m", [made]), "reduce")) == ["exc.exceptions[0].args[0]"]
        assert self.paths(Call(CLASS, ("m", 3, [made]), "reduce")) == ["exc.args[2][0].args[0]"]
        assert self.paths(Call(CLASS, ("m", [3, made]), "reduce")) == ["exc.args[1][1].args[0]"]


@pytest.mark.parametrize(
    ("call", "looks"),
    [
        (Call(Global("builtins", "StopIteration"), (), "reduce"), True),
        (Call(Global("exceptions", "StopIteration"), (), "reduce"), True),
        (Call(Global("builtins", "NoSuchError"), (), "reduce"), False),
        (Call(Global("builtins", "print"), (), "reduce"), False),
        (Call(Global("builtins", "dict"), (), "reduce"), False),
        (Call(CLASS, (), "reduce"), True),
        (Call(Global("shop", "_Refused"), (CLASS,), "reduce"), False),
        (Call(Global("shop", "Refused"), (), "reduce", state=Pairs([("code", 3)])), False),
        (
            Call(
                Global("shop", "Refused"),
                (),
                "reduce",
                state=Pairs([("code", 3), ("__cause__", None)]),
            ),
            True,
        ),
        (Call(Call(CLASS, (), "reduce"), (), "reduce"), False),
    ],
    ids=lambda value: str(getattr(value, "function", value)),
)
def test_what_looks_like_an_exception(call: Call, looks: bool) -> None:
    assert looks_like_exception(call) is looks


class TestBuiltClass:
    def test_is_the_class_that_is_called(self) -> None:
        call = Call(Global("shop", "PaymentError"), ("m", 3), "reduce")
        assert built_class(call) == (Global("shop", "PaymentError"), ("m", 3))

    def test_is_the_class_that_a_reconstructor_is_given_first(self) -> None:
        call = Call(Global("shop", "_rebuild"), (Global("shop", "PaymentError"), "m", 3), "reduce")
        assert built_class(call) == (Global("shop", "PaymentError"), ("m", 3))

    def test_leaves_all_arguments_where_the_class_is_not_the_first(self) -> None:
        call = Call(Global("shop", "_rebuild"), ("m", Global("shop", "PaymentError"), 3), "reduce")
        assert built_class(call) == (
            Global("shop", "PaymentError"),
            ("m", Global("shop", "PaymentError"), 3),
        )

    def test_is_unknown_where_a_function_is_given_no_class(self) -> None:
        call = Call(Global("shop", "_rebuild"), ("m", 3), "reduce")
        assert built_class(call) == (Global("shop", "_rebuild"), ("m", 3))
