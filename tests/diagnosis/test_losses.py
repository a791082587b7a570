"""Two records in, differences out."""

from __future__ import annotations

import copy
import datetime
import json
from typing import Any

import error_zoo as zoo
import pytest
from diagnosis.trips import group_of, needs_groups
from hypothesis import given
from hypothesis import strategies as st

from pytest_portable_errors.diagnosis.checks import CHECKS
from pytest_portable_errors.diagnosis.losses import compare, compare_values
from pytest_portable_errors.diagnosis.shown import show
from pytest_portable_errors.receiver.described import Value
from pytest_portable_errors.receiver.record import describe
from pytest_portable_errors.receiver.values import describe_value


def losses(
    sent: BaseException, received: BaseException, **settings: Any
) -> list[tuple[str, str, str, str]]:
    found = compare(describe(sent), describe(received), **settings).losses
    return [(loss.kind, loss.path, loss.sent, loss.received) for loss in found]


def with_attributes(exc: BaseException, **attributes: object) -> BaseException:
    exc.__dict__.update(attributes)
    return exc


@given(st.lists(st.text() | st.integers()))
def test_equal_exceptions_have_no_losses(args: list[Any]) -> None:
    assert losses(ValueError(*args), ValueError(*args), checks=CHECKS) == []


@pytest.mark.parametrize(
    ("sent", "received", "expected"),
    [
        (
            ValueError("a"),
            KeyError("a"),
            [("type", "exc", "ValueError", "KeyError"), ("message", "message", "a", "'a'")],
        ),
        (
            ValueError("a"),
            ValueError("b"),
            [("message", "message", "a", "b"), ("args", "exc.args[0]", "'a'", "'b'")],
        ),
        (
            ValueError("a", 1),
            ValueError("a"),
            [("message", "message", "('a', 1)", "a"), ("args", "exc.args", "('a', 1)", "('a',)")],
        ),
        (
            with_attributes(ValueError(), code=3),
            ValueError(),
            [("attributes", "exc.code", "3", "missing")],
        ),
        (
            ValueError(),
            with_attributes(ValueError(), code=3),
            [("attributes", "exc.code", "missing", "3")],
        ),
        (
            with_attributes(ValueError(), detail={"a": [1, {"b": 2}]}),
            with_attributes(ValueError(), detail={"a": [1, {"b": 3}]}),
            [("attributes", "exc.detail['a'][1]['b']", "2", "3")],
        ),
        (
            with_attributes(ValueError(), __notes__=["n"]),
            ValueError(),
            [("notes", "exc.__notes__", "['n']", "missing")],
        ),
        (
            with_attributes(ValueError(), size=1),
            with_attributes(ValueError(), size=True),
            [("attributes", "exc.size", "1", "True")],
        ),
        (
            zoo.chained(ValueError(), cause=KeyError("k")),
            ValueError(),
            [("chain", "exc.__cause__", "KeyError: 'k'", "None")],
        ),
        (
            zoo.chained(ValueError(), cause=with_attributes(KeyError(), code=3)),
            zoo.chained(ValueError(), cause=with_attributes(KeyError(), code=4)),
            [("chain", "exc.__cause__.code", "3", "4")],
        ),
    ],
)
def test_each_difference_has_its_kind_and_path(
    sent: BaseException, received: BaseException, expected: Any
) -> None:
    assert losses(sent, received) == expected


@pytest.mark.parametrize("check", ["type", "message", "args", "attributes", "notes", "chain"])
def test_a_check_that_is_not_asked_for_finds_nothing(check: str) -> None:
    sent = zoo.chained(with_attributes(ValueError("a"), code=3, __notes__=["n"]), cause=KeyError())
    received = KeyError("b")
    kinds = {kind for kind, *_ in losses(sent, received, checks=[check])}
    assert kinds == {check}


class Text(Exception):
    """Shows a text that is computed, and may hold a set."""

    def __init__(self, text: str, *held: object) -> None:
        super().__init__(*held)
        self._text = text

    def __str__(self) -> str:
        return self._text


class TestTexts:
    @pytest.mark.parametrize(
        ("sent", "received", "same"),
        [
            ("lost: {'a', 'b'}", "lost: {'b', 'a'}", True),
            ("a b", "b a", True),
            ("order 12 failed", "order 21 failed", False),
            ("abc", "cba", False),
            ("<thing at 0x7f0000000001>", "<thing at 0x7f0000000002>", True),
            ("crc 0xdeadbeef", "crc 0xcafebabe", False),
        ],
    )
    def test_only_the_order_of_a_sets_elements_and_places_in_memory_are_forgiven(
        self, sent: str, received: str, same: bool
    ) -> None:
        held = frozenset(("a", "b"))
        assert (losses(Text(sent, held), Text(received, held), checks=["message"]) == []) is same

    def test_without_a_set_the_order_matters(self) -> None:
        assert losses(Text("a b"), Text("b a"), checks=["message"]) != []

    def test_a_long_list_of_values_that_show_sets_is_the_same_in_any_order(self) -> None:
        one, other = ([Shows(text)] * 300 for text in ("{'a', 'b'}", "{'b', 'a'}"))
        assert (
            losses(
                with_attributes(ValueError(), held=one), with_attributes(ValueError(), held=other)
            )
            == []
        )


class Shows:
    def __init__(self, text: str) -> None:
        self.text = text

    def __reduce__(self) -> Any:
        return Shows, (self.text,)

    def __repr__(self) -> str:
        return self.text


def test_what_is_no_exception_is_lost_whatever_is_checked() -> None:
    found = compare(
        describe(ValueError("a")), describe("a"), checks=["message"], arrives_as="builtins.str"
    ).losses
    assert [(loss.kind, loss.received) for loss in found] == [
        ("type", "str, which is no exception")
    ]


def test_a_default_that_a_descriptor_gives_is_stored_and_compared() -> None:
    class Default:
        def __get__(self, *_: object) -> int:
            return 0

    class Coded(Exception):
        code = Default()

    assert losses(with_attributes(Coded(), code=42), Coded()) == [
        ("attributes", "exc.code", "42", "missing")
    ]


class TestSuppressedContext:
    def both(self, *, suppressed: bool) -> BaseException:
        exc = zoo.chained(ValueError(), context=KeyError("k"))
        exc.__suppress_context__ = suppressed
        return exc

    def test_what_was_shown_is_hidden(self) -> None:
        assert losses(self.both(suppressed=False), self.both(suppressed=True)) == [
            ("chain", "exc.__suppress_context__", "False", "True")
        ]

    def test_what_was_hidden_is_shown(self) -> None:
        assert losses(self.both(suppressed=True), self.both(suppressed=False)) == [
            ("chain", "exc.__suppress_context__", "True", "False")
        ]

    def test_a_flag_that_hides_nothing_is_no_loss(self) -> None:
        flagged = ValueError()
        flagged.__suppress_context__ = True
        assert losses(ValueError(), flagged) == []


def test_a_field_that_the_receivers_python_does_not_have_is_no_loss() -> None:
    sent = describe(AttributeError("m", name="n"))
    received = copy.deepcopy(sent)
    node = received["exceptions"][0]
    node["base_fields"].remove("name")
    del node["attributes"]["name"]
    assert compare(sent, received).losses == ()
    node["base_fields"].append("name")
    assert [loss.path for loss in compare(sent, received).losses] == ["exc.name"]


def test_a_field_that_one_side_does_not_have_hides_no_other_loss() -> None:
    sent = describe(with_attributes(AttributeError("m", name="n"), zone=1))
    received = describe(with_attributes(AttributeError("m", name="n"), zone=2))
    received["exceptions"][0]["base_fields"].remove("name")
    del received["exceptions"][0]["attributes"]["name"]
    assert [loss.path for loss in compare(sent, received).losses] == ["exc.zone"]
    assert [loss.path for loss in compare(received, sent).losses] == ["exc.zone"]


def test_fields_of_another_class_are_lost() -> None:
    one, other = ImportError("m", name="n"), ValueError("m")
    paths = [path for _, path, *_ in losses(one, other, checks=["attributes"])]
    assert paths == [f"exc.{name}" for name in describe(one)["exceptions"][0]["attributes"]]
    assert [path for _, path, *_ in losses(other, one, checks=["attributes"])] == paths


def test_attributes_come_by_name() -> None:
    names = [f"a{n}" for n in range(9)]
    found = losses(with_attributes(ValueError(), **dict.fromkeys(reversed(names), 1)), ValueError())
    assert [path for _, path, *_ in found] == [f"exc.{name}" for name in names]


def test_frames_are_compared_where_they_are_asked_for() -> None:
    with pytest.raises(ValueError) as caught:
        json.loads("{")
    without, sent = describe(caught.value), describe(caught.value, traceback=True)
    assert compare(sent, without).losses == compare(sent, sent, checks=CHECKS).losses == ()
    (loss,) = compare(sent, without, checks=CHECKS).losses
    assert (loss.kind, loss.path, loss.received) == ("traceback", "exc.__traceback__", "no frames")
    innermost = sent["exceptions"][0]["traceback"][-3:]
    assert loss.sent == " > ".join(
        f"{file}:{line} {function}" for file, line, function in innermost
    )
    assert __file__ not in loss.sent, "the control: there are more than three"


def test_a_class_sent_by_value_is_lost_and_a_factorys_class_under_plain_pickle_is_not() -> None:
    class Local(Exception):
        pass

    assert losses(Local(), Local(), copies_classes=False) == []
    assert [kind for kind, *_ in losses(Local(), Local(), copies_classes=True)] == ["type"]


def test_a_copy_of_a_class_that_could_be_imported_is_lost_under_every_serializer() -> None:
    sent = describe(ValueError())
    received = copy.deepcopy(sent)
    received["exceptions"][0]["importable"] = False
    assert [(loss.kind, loss.path, loss.sent) for loss in compare(sent, received).losses] == [
        ("type", "exc", "ValueError")
    ]


def chain(last: str, *, length: int = 1_200) -> BaseException:
    exc: BaseException = ValueError(last)
    for number in range(length):
        exc = zoo.chained(ValueError(number % 7), cause=exc)
    return exc


def test_a_link_past_what_a_record_keeps_is_seen() -> None:
    ((kind, path, sent, received),) = losses(chain("a"), chain("b"))
    assert (kind, path) == ("chain", "exc...")
    assert sent.startswith("201 more exceptions, ")
    assert received.startswith("201 more exceptions, ")
    assert sent != received
    assert losses(chain("a"), chain("a")) == []


def test_a_link_past_what_a_record_keeps_is_not_compared_where_only_some_checks_are_asked_for() -> (
    None
):
    assert losses(chain("a"), chain("b"), checks=["type", "chain"]) == []


def test_a_chain_that_became_short_ends_where_it_ends() -> None:
    long, short = chain("a"), chain("a", length=3)
    for found in (losses(long, short), losses(short, long)):
        assert found[-1][:2] == ("chain", "exc.__cause__.__cause__.__cause__.__cause__")
        assert "None" in found[-1]


def test_what_one_record_keeps_no_more_of_is_no_loss() -> None:
    whole = describe(zoo.chained(ValueError(), cause=KeyError()))
    cut = copy.deepcopy(whole)
    del cut["exceptions"][1:]
    assert compare(whole, cut).losses == ()
    assert compare(cut, whole).losses == ()
    (loss,) = compare(cut, describe(ValueError())).losses
    assert (loss.path, loss.sent, loss.received) == (
        "exc.__cause__",
        "an exception far down the chain",
        "None",
    )


def test_a_cause_that_is_lost_is_no_context_that_is_hidden() -> None:
    hides = zoo.chained(ValueError(), context=KeyError())
    hides.__suppress_context__ = True
    assert losses(zoo.chained(ValueError(), cause=KeyError()), hides) == [
        ("chain", "exc.__cause__", "KeyError", "None")
    ]


def test_losses_are_bounded() -> None:
    many = with_attributes(ValueError(), **{f"a{n}": n for n in range(150)})
    assert len(losses(many, ValueError())) == 100


def test_a_circle_is_compared_once() -> None:
    def circle(text: str) -> BaseException:
        exc, cause = ValueError(text), KeyError("k")
        exc.__cause__, cause.__cause__ = cause, exc
        return exc

    assert [path for _, path, *_ in losses(circle("a"), circle("b"))] == ["message", "exc.args[0]"]
    sent, received = (zoo.chained(OSError(), cause=circle(text)) for text in "ab")
    assert [path for _, path, *_ in losses(sent, received)] == [
        "exc.__cause__ message",
        "exc.__cause__.args[0]",
    ]


@needs_groups
def test_members_come_in_their_order_before_what_they_are_chained_to() -> None:
    def group(text: str) -> BaseException:
        # an Exception
        chained: Any = zoo.chained(ValueError(text), cause=ValueError(text))
        return group_of(chained, OSError(text))

    paths = [
        path for _, path, *_ in losses(group("a"), group("b"), checks=["args", "members", "chain"])
    ]
    assert paths == [
        "exc.exceptions[0].args[0]",
        "exc.exceptions[1].args[0]",
        "exc.exceptions[0].__cause__.args[0]",
    ]


@needs_groups
class TestMembers:
    def test_one_that_is_missing_is_lost_and_the_others_are_compared(self) -> None:
        found = losses(
            group_of(KeyError(1), KeyError(2)), group_of(KeyError(3)), checks=["members", "args"]
        )
        assert found == [
            ("members", "exc.exceptions", "2 members", "1 members"),
            ("members", "exc.exceptions[0].args[0]", "1", "3"),
        ]

    def test_all_are_lost_where_no_group_arrives(self) -> None:
        group = group_of(KeyError(1))
        assert losses(group, ValueError(), checks=["members"]) == [
            ("members", "exc.exceptions", "1 members", "0 members")
        ]
        assert losses(ValueError(), group, checks=["members"]) == [
            ("members", "exc.exceptions", "0 members", "1 members")
        ]

    def test_those_of_a_link_belong_to_the_chain(self) -> None:
        sent = zoo.chained(ValueError(), cause=group_of(KeyError(1), KeyError(2)))
        received = zoo.chained(ValueError(), cause=group_of(KeyError(3)))
        assert losses(sent, received, checks=["members", "chain", "args"]) == [
            ("chain", "exc.__cause__.exceptions", "2 members", "1 members"),
            ("chain", "exc.__cause__.exceptions[0].args[0]", "1", "3"),
        ]

    def test_they_are_not_looked_at_where_that_is_not_asked_for(self) -> None:
        assert losses(group_of(KeyError(1)), group_of(KeyError(2)), checks=["args", "chain"]) == []


class TestDeclaredType:
    """``arrives_as`` is what the exception itself becomes."""

    def test_waives_arguments_and_attributes_and_nothing_else(self) -> None:
        sent = with_attributes(ValueError("a"), code=3)
        found = compare(
            describe(sent), describe(RuntimeError("b")), arrives_as="builtins.RuntimeError"
        )
        assert [loss.path for loss in found.losses] == ["message"]
        assert [loss.path for loss in found.declared] == ["exc.args[0]", "exc.code"]

    def test_a_link_stays_what_it_is(self) -> None:
        cause = KeyError("k")
        sent, received = (
            zoo.chained(ValueError("a"), cause=cause),
            zoo.chained(RuntimeError("a"), cause=cause),
        )
        assert losses(sent, received, arrives_as="builtins.RuntimeError") == []

    def test_another_type_is_lost(self) -> None:
        assert losses(
            ValueError("a"), RuntimeError("a"), arrives_as="builtins.OSError", checks=["type"]
        ) == [("type", "exc", "OSError (declared)", "RuntimeError")]


@given(
    st.recursive(
        st.none() | st.integers() | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner) | st.tuples(inner),
    )
)
def test_values_are_shown_as_python_writes_them(value: Any) -> None:
    shown = show(describe_value(value))
    if "..." not in shown and not isinstance(value, dict) and "{" not in shown:
        assert shown == repr(value)


ONE = {"type": "builtins.int", "text": "1"}


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ({"text": "a message"}, "a message"),
        ({"type": "shop.Id", "text": "1"}, "shop.Id(1)"),
        ({"type": "shop.colors.Color", "text": "Color(1)"}, "Color(1)"),
        (
            {"type": "builtins.bytes", "text": "b'aa'", "length": 3000, "sha256": ""},
            "b'aa'... (3,000 in all)",
        ),
        ({"type": "builtins.set", "items": [ONE]}, "{1}"),
        ({"type": "collections.deque", "items": [ONE, ONE]}, "collections.deque(1, 1)"),
        (
            {"type": "builtins.list", "items": [ONE], "length": 3000, "sha256": ""},
            "[1... (3,000 in all)]",
        ),
        ({"type": "builtins.dict", "pairs": [[ONE, ONE], [ONE, ONE]]}, "{1: 1, 1: 1}"),
        ({"type": "shop.Config", "pairs": [[ONE, ONE]]}, "shop.Config({1: 1})"),
        (
            {
                "type": "builtins.KeyError",
                "args": {},
                "attributes": {"a": ONE},
                "message": {"text": "m"},
            },
            "KeyError(m)",
        ),
        ({"type": "shop.Client", "attributes": {"a": ONE, "b": ONE}}, "shop.Client(a=1, b=1)"),
        ({"type": "shop.Client", "attributes": {}}, "<shop.Client>"),
        ({"type": "builtins.object"}, "<object>"),
        ({"type": "builtins.list", "again": 1}, "<list ...>"),
        ({"type": "shop.Client", "deeper": True}, "<shop.Client ...>"),
        (
            {"type": "shop.Client", "raises": "builtins.KeyError"},
            "<shop.Client: reading it raised KeyError>",
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_every_form_of_a_value_is_shown(value: Value, shown: str) -> None:
    assert show(value) == shown


class Tag(str):
    """A text with attributes."""


def tagged(text: str, **attributes: object) -> Tag:
    tag = Tag(text)
    tag.__dict__.update(attributes)
    return tag


class TestNarrowing:
    """A loss is told as far inside as there is one place that differs."""

    @pytest.mark.parametrize(
        ("sent", "received", "paths"),
        [
            (tagged("a", x=1, y=2), tagged("a", x=1, y=3), [".y"]),
            (tagged("a", x=1), tagged("b", x=2), [""]),
            ({"a": 1}, {"a": 2, "b": 3}, [""]),
            ({"a": 1, "b": 3}, {"a": 2}, [""]),
            ([1, 2], [3], [""]),
            ({1: [0, {2: 3}]}, {1: [0, {2: 4}]}, ["[1][1][2]"]),
            (KeyError(1, 2), KeyError(1, 3), [".args[1]"]),
            (KeyError(1), OSError(1), [""]),
            ([0] * 300, [*[0] * 299, 1], [""]),
        ],
    )
    def test_ends_where_two_places_differ_or_the_value_itself(
        self, sent: object, received: object, paths: list[str]
    ) -> None:
        found = losses(
            with_attributes(ValueError(), held=sent), with_attributes(ValueError(), held=received)
        )
        assert [path for _, path, *_ in found] == [f"exc.held{path}" for path in paths]

    def test_ends_at_an_exception_that_could_be_read_on_one_side_only(self) -> None:
        sent = describe(with_attributes(ValueError(), held=KeyError("k")))
        received = copy.deepcopy(sent)
        received["exceptions"][0]["attributes"]["held"] = {
            "type": "builtins.KeyError",
            "raises": "builtins.OSError",
        }
        assert [loss.path for loss in compare(sent, received).losses] == ["exc.held"]
        assert [loss.path for loss in compare(received, sent).losses] == ["exc.held"]


def test_a_set_that_is_lost_makes_no_other_value_a_loss() -> None:
    sent, arrived = ValueError("m"), ValueError("m")
    sent.tags, arrived.tags = {1, 2}, None  # type: ignore[attr-defined]  # any attribute
    # told by its repr, in which a set might show
    sent.zone = arrived.zone = datetime.timezone.utc  # type: ignore[attr-defined]
    assert [loss.path for loss in compare(describe(sent), describe(arrived)).losses] == ["exc.tags"]


def local_class() -> type:
    class Local:
        pass

    return Local


class TestValues:
    """What is no exception has one loss, as far inside as one place differs."""

    @pytest.mark.parametrize(
        ("sent", "received", "expected"),
        [
            ([1, {"a": 2}], [1, {"a": 2}], []),
            ([1, {"a": 2}], [1, {"a": 3}], [("attributes", "value[1]['a']", "2", "3")]),
            ([1, 2], [3, 4], [("attributes", "value", "[1, 2]", "[3, 4]")]),
            (1, True, [("type", "value", "1", "True")]),
            (1, "1", [("type", "value", "1", "'1'")]),
            ([1], (2,), [("type", "value", "[1]", "(2,)")]),
            ([[1]], [(2,)], [("attributes", "value[0]", "[1]", "(2,)")]),
            ([1, 2], [3], [("attributes", "value", "[1, 2]", "[3]")]),
            ("a", ValueError("m"), [("type", "value", "str", "ValueError: m")]),
        ],
    )
    def test_a_difference_has_its_kind_and_path(
        self, sent: object, received: object, expected: object
    ) -> None:
        found = compare_values(describe(sent), describe(received))
        assert [(loss.kind, loss.path, loss.sent, loss.received) for loss in found] == expected

    def test_a_copy_of_its_class_is_a_loss_where_the_class_could_be_imported(self) -> None:
        copied = describe(local_class()())
        sent = copy.deepcopy(copied)
        assert compare_values(sent, copied) == ()
        sent["exceptions"][0]["importable"] = True
        name = copied["exceptions"][0]["type"]
        found = compare_values(sent, copied)
        assert [(loss.kind, loss.path, loss.sent, loss.received) for loss in found] == [
            ("type", "value", name, f"a copy of {name}: another class")
        ]
        assert compare_values(sent, sent) == ()
        assert [loss.sent for loss in compare_values(describe(1), copied)] == ["1"], (
            "of another class it is no copy"
        )
