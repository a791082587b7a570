"""A record's chain is told as Python would print it: which links, in which order, under which
names."""

from __future__ import annotations

import error_zoo as zoo
import pytest

from pytest_portable_errors.diagnosis.chain import chain_tree, expected_tree, printed_chain
from pytest_portable_errors.receiver.record import LINKS_KEPT, describe


def numbered(count: int) -> BaseException:
    exc: BaseException = ValueError(count)
    for number in reversed(range(1, count)):
        exc = zoo.chained(ValueError(number), cause=exc)
    return exc


def test_each_link_stands_below_the_one_that_holds_it() -> None:
    exc = zoo.chained(
        zoo.CarriesChain("a"),
        cause=zoo.chained(KeyError("b"), context=OSError("c")),
        context=OSError("not printed"),
    )
    assert chain_tree(describe(exc)) == [
        "error_zoo.CarriesChain: a",
        "+- __cause__  KeyError: 'b'",
        "   +- __context__  OSError: c",
    ]
    assert printed_chain(describe(exc)) == [
        "error_zoo.CarriesChain",
        "builtins.KeyError",
        "builtins.OSError",
    ]


def test_what_is_expected_is_drawn_alike() -> None:
    assert expected_tree(["error_zoo.CarriesChain", "builtins.KeyError", "builtins.OSError"]) == [
        "error_zoo.CarriesChain",
        "+- KeyError",
        "   +- OSError",
    ]


def test_a_context_that_is_hidden_is_no_link_and_is_told() -> None:
    exc = zoo.chained(ValueError("a"), context=KeyError("b"))
    exc.__suppress_context__ = True
    assert printed_chain(describe(exc)) == ["builtins.ValueError"]
    assert chain_tree(describe(exc)) == [
        "ValueError: a",
        "+- (what came before is hidden: raised from None)",
    ]


@pytest.mark.parametrize(
    ("count", "last"),
    [(12, f"{'   ' * 10}+- __cause__  ValueError: 12"), (13, f"{'   ' * 11}+- ... and 1 more")],
)
def test_a_long_chain_is_cut_and_the_rest_counted(count: int, last: str) -> None:
    tree = chain_tree(describe(numbered(count)))
    assert len(tree) == count
    assert (tree[11], tree[-1]) == (f"{'   ' * 10}+- __cause__  ValueError: 12", last)


def test_a_chain_ends_where_it_comes_back_to_itself_and_where_its_record_does() -> None:
    one, other = KeyError("b"), ValueError("a")
    one.__context__, other.__context__ = other, one
    assert printed_chain(describe(other)) == ["builtins.ValueError", "builtins.KeyError"]
    assert len(printed_chain(describe(numbered(LINKS_KEPT + 1)))) == LINKS_KEPT


def test_what_arrived_as_no_exception_is_a_chain_of_its_own() -> None:
    assert printed_chain(describe("a")) == ["builtins.str"]
    assert chain_tree(describe("a")) == ["str: 'a'"]
