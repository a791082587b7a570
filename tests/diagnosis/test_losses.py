"""Two records in, differences out."""

from __future__ import annotations

import copy
import datetime
from typing import Any

import error_zoo as zoo
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_portable_errors.diagnosis.losses import CHECKS, compare, show
from pytest_portable_errors.options import CHECKS as OPTION_CHECKS
from pytest_portable_errors.receiver.record import describe
from pytest_portable_errors.receiver.values import describe_value


def losses(sent: BaseException, received: BaseException, **settings: Any) -> list[tuple[str, str, str, str]]:
    found = compare(describe(sent), describe(received), **settings).losses
    return [(loss.kind, loss.path, loss.sent, loss.received) for loss in found]


def with_attributes(exc: BaseException, **attributes: object) -> BaseException:
    exc.__dict__.update(attributes)
    return exc


def test_the_settings_name_the_checks_there_are() -> None:
    assert OPTION_CHECKS == CHECKS


@given(st.lists(st.text() | st.integers()))
def test_equal_exceptions_have_no_losses(args: list[Any]) -> None:
    assert losses(ValueError(*args), ValueError(*args), checks=CHECKS) == []


@pytest.mark.parametrize(
    ("sent", "received", "expected"),
    [
        (ValueError("a"), KeyError("a"), [("type", "exc", "ValueError", "KeyError"), ("message", "message", "a", "'a'")]),
        (ValueError("a"), ValueError("b"), [("message", "message", "a", "b"), ("args", "exc.args[0]", "'a'", "'b'")]),
        (ValueError("a", 1), ValueError("a"), [("message", "message", "('a', 1)", "a"), ("args", "exc.args", "('a', 1)", "('a',)")]),
        (with_attributes(ValueError(), code=3), ValueError(), [("attributes", "exc.code", "3", "missing")]),
        (ValueError(), with_attributes(ValueError(), code=3), [("attributes", "exc.code", "missing", "3")]),
        (
            with_attributes(ValueError(), detail={"a": [1, {"b": 2}]}),
            with_attributes(ValueError(), detail={"a": [1, {"b": 3}]}),
            [("attributes", "exc.detail['a'][1]['b']", "2", "3")],
        ),
        (with_attributes(ValueError(), __notes__=["n"]), ValueError(), [("notes", "exc.__notes__", "['n']", "missing")]),
        (with_attributes(ValueError(), size=1), with_attributes(ValueError(), size=True), [("attributes", "exc.size", "1", "True")]),
        (zoo.chained(ValueError(), cause=KeyError("k")), ValueError(), [("chain", "exc.__cause__", "KeyError: 'k'", "None")]),
        (
            zoo.chained(ValueError(), cause=with_attributes(KeyError(), code=3)),
            zoo.chained(ValueError(), cause=with_attributes(KeyError(), code=4)),
            [("chain", "exc.__cause__.code", "3", "4")],
        ),
    ],
)
def test_each_difference_has_its_kind_and_path(sent: BaseException, received: BaseException, expected: Any) -> None:
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
    def test_only_the_order_of_a_sets_elements_and_places_in_memory_are_forgiven(self, sent: str, received: str, same: bool) -> None:
        held = frozenset(("a", "b"))
        assert (losses(Text(sent, held), Text(received, held), checks=["message"]) == []) is same

    def test_without_a_set_the_order_matters(self) -> None:
        assert losses(Text("a b"), Text("b a"), checks=["message"]) != []

    def test_a_long_list_of_values_that_show_sets_is_the_same_in_any_order(self) -> None:
        one, other = ([Shows(text)] * 300 for text in ("{'a', 'b'}", "{'b', 'a'}"))
        assert losses(with_attributes(ValueError(), held=one), with_attributes(ValueError(), held=other)) == []


class Shows:
    def __init__(self, text: str) -> None:
        self.text = text

    def __reduce__(self) -> Any:
        return Shows, (self.text,)

    def __repr__(self) -> str:
        return self.text


def test_what_is_no_exception_is_lost_whatever_is_checked() -> None:
    found = compare(describe(ValueError("a")), describe("a"), checks=["message"], arrives_as="builtins.str").losses
    assert [(loss.kind, loss.received) for loss in found] == [("type", "str, which is no exception")]


def test_a_default_that_a_descriptor_gives_is_stored_and_compared() -> None:
    class Default:
        def __get__(self, *_: object) -> int:
            return 0

    class Coded(Exception):
        code = Default()

    assert losses(with_attributes(Coded(), code=42), Coded()) == [("attributes", "exc.code", "42", "missing")]


class TestSuppressedContext:
    def both(self, *, suppressed: bool) -> BaseException:
        exc = zoo.chained(ValueError(), context=KeyError("k"))
        exc.__suppress_context__ = suppressed
        return exc

    def test_what_was_shown_is_hidden(self) -> None:
        assert losses(self.both(suppressed=False), self.both(suppressed=True)) == [("chain", "exc.__suppress_context__", "False", "True")]

    def test_what_was_hidden_is_shown(self) -> None:
        assert losses(self.both(suppressed=True), self.both(suppressed=False)) == [("chain", "exc.__suppress_context__", "True", "False")]

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


def test_a_class_sent_by_value_is_lost_and_a_factorys_class_under_plain_pickle_is_not() -> None:
    class Local(Exception):
        pass

    assert losses(Local(), Local(), copies_classes=False) == []
    assert [kind for kind, *_ in losses(Local(), Local(), copies_classes=True)] == ["type"]


def test_a_link_past_what_a_record_keeps_is_seen() -> None:
    def chain(last: str) -> BaseException:
        exc: BaseException = ValueError(last)
        for number in range(1_200):
            exc = zoo.chained(ValueError(number), cause=exc)
        return exc

    assert [kind for kind, *_ in losses(chain("a"), chain("b"))] == ["chain"]
    assert losses(chain("a"), chain("a")) == []


@given(
    st.recursive(
        st.none() | st.integers() | st.text(), lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner) | st.tuples(inner)
    )
)
def test_values_are_shown_as_python_writes_them(value: Any) -> None:
    shown = show(describe_value(value))
    if "..." not in shown and not isinstance(value, dict) and "{" not in shown:
        assert shown == repr(value)


def test_a_set_that_is_lost_makes_no_other_value_a_loss() -> None:
    sent, arrived = ValueError("m"), ValueError("m")
    sent.tags, arrived.tags = {1, 2}, None  # type: ignore[attr-defined]
    sent.zone = arrived.zone = datetime.timezone.utc  # type: ignore[attr-defined]  # told by its repr, in which a set might show
    assert [loss.path for loss in compare(describe(sent), describe(arrived)).losses] == ["exc.tags"]
