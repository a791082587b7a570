"""What a store of plain values refuses, where it is, and what to store instead."""

from __future__ import annotations

import dataclasses
import datetime
import decimal
import email.message
import enum
import json
import pathlib
import uuid
from collections import OrderedDict, namedtuple
from typing import Any

import error_zoo as zoo
import pytest
from diagnosis.trips import Register, group_of, needs_groups, with_attributes
from hypothesis import given
from hypothesis import strategies as st

from pytest_portable_errors.diagnosis.primitive import not_primitive, not_primitive_on_the_wire

IDENTIFIER = uuid.UUID(int=7)
keys = st.text(max_size=5)
primitives = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=5)
    | st.binary(max_size=5),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(keys, inner, max_size=4),
)


class Colour(str, enum.Enum):
    RED = "red"


class Level(enum.IntEnum):
    HIGH = 2


@dataclasses.dataclass
class Order:
    number: int


class Name(str):
    __slots__ = ()


Point = namedtuple("Point", "x y")  # the untyped one is meant

REFUSED: list[tuple[object, str]] = [
    (IDENTIFIER, "UUID; store str(value)"),
    (Colour.RED, f"{__name__}.Colour; store value.value"),
    (Level.HIGH, f"{__name__}.Level; store value.value"),
    (Order(1), f"{__name__}.Order; store dataclasses.asdict(value)"),
    (Point(1, 2), f"{__name__}.Point; store value._asdict()"),
    ((1, 2), "tuple; store list(value)"),
    ({1}, "set; store sorted(value)"),
    (bytearray(b"x"), "bytearray; store bytes(value)"),
    (datetime.datetime(2026, 1, 1), "datetime; store value.isoformat()"),
    (datetime.timedelta(1), "timedelta; store value.total_seconds()"),
    (decimal.Decimal("1.5"), "Decimal; store str(value)"),
    (pathlib.PurePosixPath("a"), "PurePosixPath; store str(value)"),
    (OrderedDict(a=1), "OrderedDict; store dict(value)"),
    (Name("x"), f"{__name__}.Name; store str(value)"),
    (ValueError("x"), 'ValueError; store f"{type(value).__name__}: {value}"'),
    (print, "builtin_function_or_method; leave it out"),
    (email.message.Message(), "Message; leave it out"),
]


@pytest.mark.parametrize(
    ("value", "said"), REFUSED, ids=[type(value).__name__ for value, _ in REFUSED]
)
def test_what_is_refused_is_named_with_what_to_store(value: object, said: str) -> None:
    assert [str(found) for found in not_primitive({"request": [0, value]}, "context")] == [
        f"context['request'][1]: {said}"
    ]


@pytest.mark.parametrize(
    ("value", "said"),
    [case for case in REFUSED if "leave" not in case[1]],
    ids=lambda case: type(case).__name__,
)
def test_the_conversion_does_what_it_says(value: Any, said: str) -> None:
    # our own text
    converted = eval(said.partition("; store ")[2], {"value": value, "dataclasses": dataclasses})
    assert not_primitive(converted, "value") == []


def test_what_third_parties_have() -> None:
    pydantic, numpy = pytest.importorskip("pydantic"), pytest.importorskip("numpy")
    model = pydantic.create_model("Question", number=(int, 1))
    found = [
        str(one)
        for one in not_primitive(
            [model(), numpy.float64(1), numpy.bool_(True), numpy.zeros(1)], "v"
        )
    ]
    assert [one.partition("; ")[2] for one in found] == [
        'store value.model_dump(mode="json")',
        "store value.item()",
        "store value.item()",
        "store value.tolist()",
    ]
    attrs = pytest.importorskip("attrs")
    (told,) = not_primitive(attrs.make_class("Question", ["number"])(1), "v")
    assert told.conversion == "attrs.asdict(value)"


def test_keys_are_texts() -> None:
    found = not_primitive({1: "a", (1, 2): "b", Colour.RED: "c", "d": 1}, "v")
    assert [str(one) for one in found] == [
        "v[1]: int as a key; store str(key)",
        "v[<tuple>]: tuple as a key; store str(key)",
        f"v[<{__name__}.Colour>]: {__name__}.Colour as a key; store key.value",
    ]
    assert [one.path for one in not_primitive({b"k": 1}, "v")] == ["v[b'k']"]
    assert [one.path for one in not_primitive({None: [IDENTIFIER]}, "v")] == ["v[None]"], (
        "what lies there has no path yet"
    )


def test_a_class_of_attrs_is_known_by_what_attrs_leaves_there() -> None:
    (told,) = not_primitive(type("Question", (), {"__attrs_attrs__": ()})(), "v")
    assert told.conversion == "attrs.asdict(value)"


def test_a_hundred_are_told() -> None:
    assert [one.path for one in not_primitive([IDENTIFIER] * 150, "v")] == [
        f"v[{number}]" for number in range(100)
    ]
    error = ValueError(*({IDENTIFIER: 1, (): 2} for _ in range(75)))
    assert len(not_primitive_on_the_wire(error)) == 100


def test_a_key_below_the_name_of_a_secret_is_not_told() -> None:
    assert [one.path for one in not_primitive({"cookies": {"hunter2": [IDENTIFIER]}}, "v")] == [
        "v['cookies']['***'][0]"
    ]


def test_what_holds_itself_and_what_is_very_deep() -> None:
    context: dict[str, Any] = {}
    context["again"] = [context, IDENTIFIER]
    assert [str(one) for one in not_primitive(context, "v")] == [
        "v['again'][0]: dict that holds itself; leave it out",
        "v['again'][1]: UUID; store str(value)",
    ]
    deep: list[Any] = []
    for _ in range(50_000):
        deep = [deep]
    assert ["more than 200 deep" in one.type for one in not_primitive(deep, "v")] == [True]


def test_the_same_list_twice_holds_itself_nowhere() -> None:
    shared = [1]
    assert not_primitive({"a": shared, "b": [shared, shared]}, "v") == []


@given(primitives)
def test_whatever_is_plain_passes(value: object) -> None:
    assert not_primitive(value, "v") == []


@given(primitives, st.sampled_from([value for value, _ in REFUSED]))
def test_one_value_that_is_not_is_found_wherever_it_is(value: object, refused: object) -> None:
    assert [one.path for one in not_primitive([value, {"k": [value, refused]}], "v")] == [
        "v[1]['k'][1]"
    ]


def test_json_takes_what_passes() -> None:
    value = {"a": [1, None, True, 1.5, {"b": "c"}]}
    assert not_primitive(value, "v") == []
    assert json.loads(json.dumps(value)) == value


class Refused(Exception):
    def __init__(self, message: str, request: object) -> None:
        super().__init__(message, request)
        self.when = datetime.date(2026, 1, 1)


class Translated(Refused):
    def __reduce__(self) -> Any:
        return RuntimeError, (f"{self.args[0]} {self.args[1]}",)


class Failing(Exception):
    def __reduce__(self) -> Any:
        raise OSError


class Gives(Exception):
    """Its argument is its state, or is raised."""

    def __reduce__(self) -> Any:
        if isinstance(self.args[0], KeyboardInterrupt):
            raise self.args[0]
        return ValueError, ("x",), self.args[0]


class TestOnTheWire:
    def test_arguments_and_attributes(self) -> None:
        assert [str(one) for one in not_primitive_on_the_wire(Refused("no", IDENTIFIER))] == [
            "exc.args[1]: UUID; store str(value)",
            "exc.when: date; store value.isoformat()",
        ]

    def test_what_the_exception_sends_instead_counts(self) -> None:
        assert not_primitive_on_the_wire(Translated("no", IDENTIFIER)) == []

    def test_exceptions_that_it_takes_along_are_looked_into(self) -> None:
        error = ValueError("no", KeyError(IDENTIFIER))
        assert [one.path for one in not_primitive_on_the_wire(error)] == ["exc.args[1].args[0]"]

    def test_one_that_stands_in_two_places_is_looked_into_once(self) -> None:
        inner = KeyError(IDENTIFIER)
        assert [one.path for one in not_primitive_on_the_wire(ValueError(inner, inner))] == [
            "exc.args[1].args[0]"
        ]
        found = not_primitive_on_the_wire(ValueError(KeyError(IDENTIFIER), inner, inner))
        assert {one.path for one in found} == {"exc.args[0].args[0]", "exc.args[2].args[0]"}

    def test_a_class_of_exceptions_is_what_it_is_rebuilt_by(self) -> None:
        assert not_primitive_on_the_wire(ValueError(KeyError, zoo.Portable)) == []
        assert [str(one) for one in not_primitive_on_the_wire(ValueError(int))] == [
            "exc.args[0]: type; store value.__name__"
        ]

    def test_a_state_of_its_own_making_is_looked_into(self) -> None:
        assert [one.path for one in not_primitive_on_the_wire(Gives(IDENTIFIER))] == [
            "exc.__reduce__()[2]"
        ]
        assert [
            one.path for one in not_primitive_on_the_wire(Gives({"args": ("a", IDENTIFIER)}))
        ] == ["exc.args[1]"]
        assert [str(one) for one in not_primitive_on_the_wire(Gives({"pair": (1, 2)}))] == [
            "exc.pair: tuple; store list(value)"
        ]

    @pytest.mark.parametrize(
        "state", [(None, None, {"when": 1}), (None, 1), ({"when": 1},)], ids=repr
    )
    def test_a_tuple_that_is_not_a_dict_with_slots_is_a_state_of_its_own(
        self, state: object
    ) -> None:
        assert [str(one) for one in not_primitive_on_the_wire(Gives(state))] == [
            "exc.__reduce__()[2]: tuple; store list(value)"
        ]

    def test_what_copyreg_sends_instead_counts(self, register: Register) -> None:
        register(Refused, lambda exc: (RuntimeError, (str(exc),)))
        assert not_primitive_on_the_wire(Refused("no", IDENTIFIER)) == []

    def test_a_key_that_a_user_pressed_while_it_was_reduced_is_the_users(self) -> None:
        with pytest.raises(KeyboardInterrupt):
            not_primitive_on_the_wire(Gives(KeyboardInterrupt()))

    def test_one_that_cannot_be_reduced_has_nothing_on_the_wire(self) -> None:
        assert not_primitive_on_the_wire(Failing(IDENTIFIER)) == []

    def test_slots_and_items_that_are_added_afterwards(self) -> None:
        class Slotted(Exception):
            def __reduce__(self) -> Any:
                return (
                    ValueError,
                    ("x",),
                    (None, {"when": IDENTIFIER}),
                    iter([IDENTIFIER]),
                    iter([("k", IDENTIFIER)]),
                )

        assert [str(one) for one in not_primitive_on_the_wire(Slotted())] == [
            "exc.when: UUID; store str(value)",
            "exc.__reduce__()[3]: UUID; store str(value)",
            "exc.__reduce__()[4]: UUID; store str(value)",
        ]

    @pytest.mark.parametrize(
        "reduced",
        [
            (ValueError,),
            (),
            (ValueError, None),
            "name",
            None,
            (ValueError, 5),
            (ValueError, (), None, None, [5]),
        ],
        ids=repr,
    )
    def test_nothing_that_a_reduce_gives_ends_the_test(self, reduced: Any) -> None:
        class Odd(Exception):
            def __reduce__(self) -> Any:
                return reduced

        assert not_primitive_on_the_wire(Odd(IDENTIFIER)) == []

    def test_thousands_of_arguments_take_no_time(self) -> None:
        assert not_primitive_on_the_wire(ValueError(*range(100_000))) == []


def test_what_stands_in_many_places_is_searched_once() -> None:
    shared: list[Any] = []
    for _ in range(60):
        shared = [shared, shared]
    assert not_primitive(shared, "v") == []


class Meta(type):
    def __getattribute__(cls, name: str) -> Any:
        raise RuntimeError(name)


def test_no_code_of_a_class_is_run() -> None:
    hostile = Meta("Hostile", (), {})
    assert [one.path for one in not_primitive([hostile()], "v")] == ["v[0]"]


def test_huge_keys_are_cut() -> None:
    (found,) = not_primitive({10**5000: 1}, "v")
    assert found.path == "v[<int>]"
    assert [one.path for one in not_primitive({10**18: 1, 10**18 - 1: 2}, "v")] == [
        "v[<int>]",
        f"v[{10**18 - 1}]",
    ]
    (found,) = not_primitive({"k" * 10_000: IDENTIFIER}, "v")
    assert len(found.path) < 100


@needs_groups
def test_members_of_a_group_are_exceptions() -> None:
    group = group_of(ValueError(IDENTIFIER))
    assert [one.path for one in not_primitive_on_the_wire(group)] == ["exc.args[1].args[0]"]
    assert [
        one.path
        for one in not_primitive_on_the_wire(
            with_attributes(group_of(ValueError()), when=IDENTIFIER)
        )
    ] == ["exc.when"]
