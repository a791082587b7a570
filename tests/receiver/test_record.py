"""Records are total, canonical across processes, and see every change."""

from __future__ import annotations

import collections
import dataclasses
import datetime
import decimal
import enum
import json
import pathlib
import pickle
import subprocess
import sys
import traceback
import types
import uuid
from typing import Any

import error_zoo as zoo
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_portable_errors.diagnosis.losses import compare
from pytest_portable_errors.receiver.budget import DEPTH, VALUES
from pytest_portable_errors.receiver.canonical import canonical
from pytest_portable_errors.receiver.record import FRAMES_KEPT, LINKS_KEPT, describe
from pytest_portable_errors.receiver.texts import TEXT_KEPT
from pytest_portable_errors.receiver.values import ITEMS_KEPT, describe_value

if sys.version_info < (3, 11):
    from exceptiongroup import ExceptionGroup

scalars = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text()
    | st.binary()
    | st.complex_numbers()
)
hashable = st.booleans() | st.integers() | st.text() | st.binary()
values = st.recursive(
    scalars,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.tuples(inner, inner)
        | st.dictionaries(hashable, inner, max_size=4)
        | st.sets(hashable, max_size=4)
        | st.frozensets(hashable, max_size=4)
    ),
    max_leaves=12,
)


@given(st.lists(values, max_size=4))
def test_what_pickle_carries_whole_compares_equal(args: list[Any]) -> None:
    exc = ValueError(*args)
    exc.stored = args  # type: ignore[attr-defined]  # any attribute
    sent = describe(exc)
    assert json.loads(json.dumps(sent)) == sent
    assert compare(sent, describe(pickle.loads(pickle.dumps(exc)))).losses == ()


@given(values, values)
def test_values_of_different_content_have_different_records(one: Any, other: Any) -> None:
    # pickle's bytes are no canonical form, repr is one for all but sets and the order of dicts
    if repr(one) == repr(other):
        assert describe_value(one) == describe_value(other)
    elif describe_value(one) == describe_value(other):
        assert one == other


def test_several_flags_together_are_described_by_their_value_alone() -> None:
    """Since Python 3.11 they have a name, which a sender of 3.10 does not give them."""
    assert describe_value(Perm.R | Perm.W)["items"] == [describe_value(3)]
    assert "R" not in describe_value(Perm.R | Perm.W)["text"].rpartition("Perm.")[2]
    assert describe_value(Perm.R)["text"].endswith("Perm.R")


class Color(str, enum.Enum):
    RED = "red"


class Perm(enum.Flag):
    R = 1
    W = 2


class Plain:
    def __init__(self, **values: Any) -> None:
        self.__dict__.update(values)


class Slots:
    __slots__ = ("a",)

    def __init__(self, a: Any) -> None:
        self.a = a


@dataclasses.dataclass
class Data:
    a: Any


class OwnProtocol:
    def __init__(self, shown: str, hidden: int) -> None:
        self.shown, self.hidden = shown, hidden

    def __getstate__(self) -> dict[str, Any]:
        return {"shown": self.shown}

    def __repr__(self) -> str:
        return f"OwnProtocol({self.shown})"


class Address:
    def __reduce__(self) -> tuple[Any, ...]:
        return Address, ()


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (1, True),
        (0.0, -0.0),
        (1, 1.0),
        ("red", Color.RED),
        (Perm.R, Perm.W),
        (Perm.R | Perm.W, Perm.R),
        (Perm.R | Perm.W, Perm(0)),
        (b"a", bytearray(b"a")),
        ([1], (1,)),
        ({1}, frozenset({1})),
        ({"a": 1}, {"a": 2}),
        ({"a": 1}, collections.OrderedDict(a=1)),
        (Plain(a=1), Plain(a=2)),
        (Plain(a=1), Plain(b=1)),
        (Slots(1), Slots(2)),
        (Data([1]), Data([2])),
        (OwnProtocol("a", 1), OwnProtocol("b", 1)),
        (OwnProtocol("{'n': 12}", 1), OwnProtocol("{'n': 21}", 1)),
        (ValueError(1), ValueError(2)),
        (ValueError(1), KeyError(1)),
        (datetime.date(2026, 1, 1), datetime.date(2026, 1, 2)),
        (decimal.Decimal("1.0"), decimal.Decimal("1.00")),
        (pathlib.PurePosixPath("a"), "a"),
        ("a" * 10_000 + "b", "a" * 10_000 + "c"),
        (list(range(10_000)), [*range(9_999), 0]),
        ([2**100_000], [2**100_000 + 1]),
        (int, str),
        (len, print),
        (json, sys),
    ],
)
def test_a_change_is_seen(one: Any, other: Any) -> None:
    assert describe_value(one) != describe_value(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (float("nan"), float("nan")),
        ({"a": 1, "b": 2}, {"b": 2, "a": 1}),
        (Plain(a=1, b=2), Plain(b=2, a=1)),
        (OwnProtocol("a", 1), OwnProtocol("a", 2)),
        (Address(), Address()),
        (uuid.UUID(int=7), uuid.UUID(int=7)),
    ],
)
def test_what_is_no_change_is_not_seen(one: Any, other: Any) -> None:
    assert describe_value(one) == describe_value(other)


class Hostile:
    def __eq__(self, other: object) -> bool:
        raise AssertionError("asked for equality")

    def __hash__(self) -> int:
        return 1

    def __getattribute__(self, name: str) -> Any:
        raise AssertionError(f"asked for {name}")

    @property
    def derived(self) -> int:
        raise AssertionError("asked for a property")


class ReprRaises:
    __slots__ = ()

    def __reduce__(self) -> Any:
        raise NotImplementedError

    def __repr__(self) -> str:
        raise SystemExit


class Meta(type):
    def __getattribute__(cls, name: str) -> Any:
        raise AssertionError(f"the metaclass was asked for {name}")


def test_no_code_of_the_value_is_asked() -> None:
    class WithMeta(metaclass=Meta):
        pass

    record = describe_value([Hostile(), WithMeta(), {Hostile(): 1}])
    assert "raises" not in canonical(record)


def test_a_repr_that_raises_is_a_recorded_value() -> None:
    assert describe_value(ReprRaises()) == {
        "type": f"{__name__}.ReprRaises",
        "raises": "builtins.SystemExit",
    }


def test_properties_and_caches_are_derived_and_not_read() -> None:
    import functools

    class Cached(Exception):
        @functools.cached_property
        def text(self) -> str:
            return "derived"

        @property
        def broken(self) -> str:
            raise AssertionError

    fresh, used = Cached("a"), Cached("a")
    assert used.text
    assert describe(fresh) == describe(used)


def test_a_cache_that_is_filled_by_looking_is_seen_filled() -> None:
    class Lazy:
        name: str | None = None

        def __repr__(self) -> str:
            self.name = "filled"
            return "Lazy"

    class Holds(Exception):
        def __str__(self) -> str:
            return repr(self.args[0])

    looked_at = Holds(Lazy())
    str(looked_at)
    assert describe(Holds(Lazy())) == describe(looked_at)


def test_sizes_are_bounded() -> None:
    exc = ValueError("x" * 1_000_000, list(range(100_000)), {str(n): n for n in range(100_000)})
    assert len(json.dumps(describe(exc))) < 100 * (TEXT_KEPT + ITEMS_KEPT * 10)


def test_cycles_and_depth_end() -> None:
    loop: list[Any] = []
    loop.append(loop)
    deep: Any = "bottom"
    for _ in range(10_000):
        deep = [deep]
    assert "again" in canonical(describe_value(loop))
    assert "deeper" in canonical(describe_value(deep))


@pytest.mark.parametrize(
    ("lists", "bottom"), [(DEPTH - 1, {"text": "7"}), (DEPTH, {"deeper": True})]
)
def test_what_lies_too_deep_is_told_by_its_type(lists: int, bottom: dict[str, Any]) -> None:
    value: Any = 7
    for _ in range(lists):
        value = [value]
    described = describe_value(value)
    for _ in range(lists):
        (described,) = described["items"]
    assert described == {"type": "builtins.int", **bottom}


def test_of_more_items_than_are_kept_their_number_and_a_digest_are_told() -> None:
    first, second = (describe_value([*range(ITEMS_KEPT), last]) for last in "ab")
    assert first.keys() == {"type", "items", "length", "sha256"}
    assert (first["length"], first["items"]) == (
        ITEMS_KEPT + 1,
        describe_value([*range(ITEMS_KEPT)])["items"],
    )
    assert first["sha256"] != second["sha256"]
    assert describe_value([*range(ITEMS_KEPT)]).keys() == {"type", "items"}


def test_an_exception_as_a_value_says_its_message() -> None:
    assert describe_value([KeyError("k")])["items"][0]["message"] == {"text": "'k'"}


def test_attributes_whose_names_are_no_texts_are_told_by_the_type_of_those() -> None:
    exc = ValueError()
    stored: dict[Any, Any] = exc.__dict__
    stored.update({1: Plain(), 2: Plain()})
    assert describe(exc)["exceptions"][0]["attributes"].keys() == {"<builtins.int>"}


def test_a_change_far_down_a_long_chain_is_seen() -> None:
    def chain(last: str) -> BaseException:
        exc: BaseException = ValueError(last)
        for number in range(LINKS_KEPT + 500):
            exc = zoo.chained(ValueError(number), context=exc)
        return exc

    one, other = describe(chain("a")), describe(chain("b"))
    assert one["more"]["length"] == 501
    assert one["exceptions"] == other["exceptions"]
    assert one != other


class TestLinks:
    @pytest.mark.parametrize(
        ("cause", "context", "suppressed", "told"),
        [
            (None, None, False, (None, None, False)),
            (None, None, True, (None, None, False)),
            (None, KeyError(), False, (None, 1, False)),
            (None, KeyError(), True, (None, None, True)),
            (OSError(), None, True, (1, None, False)),
            (OSError(), KeyError(), True, (1, None, False)),
            (OSError(), KeyError(), False, (1, None, False)),
        ],
    )
    def test_the_link_that_python_would_print_is_told(
        self, cause: Any, context: Any, suppressed: bool, told: object
    ) -> None:
        exc = zoo.chained(ValueError(), cause=cause, context=context)
        exc.__suppress_context__ = suppressed
        node = describe(exc)["exceptions"][0]
        assert (node["cause"], node["context"], node["hides_context"]) == told

    def test_members_of_a_group_are_no_arguments_and_no_attributes(self) -> None:
        group = ExceptionGroup("several", [ValueError("a"), OSError("b")])
        group.args = (*group.args, 3, 4)  # as a subclass leaves them whose __init__ passes all on
        first, *members = describe(group)["exceptions"]
        assert first["members"] == [1, 2]
        assert [(member["message"]["text"], member["members"]) for member in members] == [
            ("a", None),
            ("b", None),
        ]
        assert first["args"] == describe_value(("several", 3, 4))
        assert not {"exceptions", "_exceptions"} & first["attributes"].keys()

    def test_what_is_no_group_has_attributes_of_that_name(self) -> None:
        exc = ValueError()
        exc.exceptions = 3  # type: ignore[attr-defined]  # any attribute
        assert describe(exc)["exceptions"][0]["attributes"] == {"exceptions": describe_value(3)}

    def test_a_member_of_a_group_far_down_a_chain_is_seen(self) -> None:
        def chain(member: str) -> BaseException:
            exc: BaseException = ExceptionGroup("several", [KeyError(member)])
            for _ in range(LINKS_KEPT):
                exc = zoo.chained(ValueError(), cause=exc)
            return exc

        assert describe(chain("a"))["more"]["length"] == 2
        assert describe(chain("a")) != describe(chain("b"))


def test_a_text_that_a_link_fills_by_being_asked_is_seen_filled() -> None:
    class Fills(Exception):
        def __str__(self) -> str:
            self.args[0].name = "filled"
            return ""

    shared = Plain()
    exc = zoo.chained(ValueError(shared), cause=Fills(shared))
    assert describe(exc) == describe(exc)


def test_a_value_that_is_no_exception_is_told_whole() -> None:
    assert describe([3]) == {
        "exceptions": [
            {
                "type": "builtins.list",
                "importable": True,
                "value": describe_value([3]),
                "message": {"text": "[3]"},
            }
        ]
    }


class TestTraceback:
    def raised(self, depth: int) -> BaseException:
        def fail(left: int) -> None:
            if left == 0:
                raise ValueError
            fail(left - 1)

        with pytest.raises(ValueError) as caught:
            fail(depth)
        return caught.value

    def test_is_the_innermost_frames(self) -> None:
        exc = self.raised(FRAMES_KEPT)
        steps = [
            [frame.f_code.co_filename, line, frame.f_code.co_name]
            for frame, line in traceback.walk_tb(exc.__traceback__)
        ]
        assert len(steps) > FRAMES_KEPT
        assert describe(exc, traceback=True)["exceptions"][0]["traceback"] == steps[-FRAMES_KEPT:]

    def test_is_left_out_where_it_is_not_asked_for(self) -> None:
        assert "traceback" not in describe(self.raised(1))["exceptions"][0]


def test_fields_that_c_keeps() -> None:
    node = describe(zoo.FilenameError("a.txt"))["exceptions"][0]
    assert node["attributes"]["filename"]["text"] == "'a.txt'"
    assert node["attributes"]["errno"]["text"] == "2"
    assert describe(StopIteration(3))["exceptions"][0]["attributes"]["value"]["text"] == "3"


def test_what_python_drops_on_purpose_is_not_compared() -> None:
    try:
        object().missing  # type: ignore[attr-defined]  # meant  # noqa: B018  # it is to raise
    except AttributeError as exc:
        assert "obj" not in describe(exc)["exceptions"][0]["attributes"]


SETS = """
import sys, json
sys.path.insert(0, {package!r})
from pytest_portable_errors.diagnosis.losses import compare
from pytest_portable_errors.receiver.record import describe
class Own:
    def __reduce__(self): return Own, ()
    def __repr__(self): return repr({{"a", "b", "c", "d", "e"}})
exc = ValueError({{"a", "b", "c", "d"}}, frozenset("xyz"), {{"k": {{1, "1", (2, "2")}}}}, Own())
exc.names = {{"p", "q", "r", "s"}}
print(json.dumps(describe(exc)))
"""


def test_the_hash_seed_changes_nothing() -> None:
    source = SETS.format(package=str(pathlib.Path(__file__).parents[2]))
    records = []
    for seed in range(4):
        done = subprocess.run(
            [sys.executable, "-c", source],
            env={"PYTHONHASHSEED": str(seed)},
            capture_output=True,
            check=True,
            text=True,
        )
        records.append(json.loads(done.stdout))
    texts = {record["exceptions"][0]["message"]["text"] for record in records}
    assert len(texts) > 1, "the control: the seed does change what is printed"
    for record in records[1:]:
        assert compare(records[0], record).losses == ()


def test_an_extension_s_exception_whose_dict_is_not_there_yet() -> None:
    ipc = pytest.importorskip("mypy.ipc")  # compiled by mypyc
    exc = ipc.IPCException("m")
    assert describe(exc)["exceptions"][0]["message"] == {"text": "m"}


class TestFields:
    """What an exception stores, however its class keeps it, or fails to."""

    def test_a_class_without_a_module_has_a_name(self) -> None:
        made: dict[str, Any] = {}
        exec("made = type('Made', (Exception,), {})", made)  # where no __name__ tells a module
        node = describe(made["made"]("a"))["exceptions"][0]
        assert (node["type"], node["importable"]) == ("?.Made", False)

    def test_a_slot_that_is_declared_again_hides_the_one_below(self) -> None:
        class Below(Exception):
            __slots__ = ("code",)

        class Above(Below):
            __slots__ = ("code",)

        exc = Above()
        for cls, code in ((Below, 1), (Above, 2)):
            vars(cls)["code"].__set__(exc, code)
        assert describe(exc)["exceptions"][0]["attributes"]["code"]["text"] == "2"

    def test_a_slot_that_is_not_set_is_not_there(self) -> None:
        assert "attributes" not in describe_value(object.__new__(Slots))
        assert describe_value(Slots(None))["attributes"] == {
            "a": {"type": "builtins.NoneType", "text": "None"}
        }

    def test_a_field_that_raises_is_told_by_what_it_raised(self) -> None:
        class Borrowed(Exception):
            frame = types.FrameType.f_locals  # a field in C, of something else

        # Nothing of our own stands there: its modules are called otherwise in the receiver.
        assert describe(Borrowed())["exceptions"][0]["attributes"]["frame"] == {
            "type": "builtins.object",
            "raises": "builtins.TypeError",
        }


def test_a_value_that_lacks_what_all_of_its_kind_have_is_told_by_what_reading_it_raised() -> None:
    assert describe_value(str.__new__(Color, "red"))["raises"] == "builtins.AttributeError"


def test_of_a_set_larger_than_the_budget_only_its_size_is_told() -> None:
    assert describe_value(set(range(VALUES + 1))) == {"type": "builtins.set", "length": VALUES + 1}


def test_a_key_that_a_user_pressed_passes_through() -> None:
    class Interrupted:
        def __reduce__(self) -> Any:
            raise NotImplementedError

        def __repr__(self) -> str:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        describe_value([Interrupted()])
