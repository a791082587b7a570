"""Paths of values are taken apart in one place, and put together again."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_portable_errors.diagnosis.value_path import Held, ValuePath, leads_to_exception

LINKS = st.sampled_from((".__cause__", ".__context__", ".exceptions[0]", ".exceptions[12]"))
STEPS = st.sampled_from((".args[3]", ".args", ".client", "['a key']", "[0]"))


@given(st.lists(LINKS, max_size=4), st.lists(STEPS, max_size=3))
def test_a_path_is_its_links_and_the_rest(links: list[str], steps: list[str]) -> None:
    path = ValuePath.of("exc" + "".join(links + steps))
    assert (path.links, path.rest) == (tuple(links), "".join(steps))
    assert path.exception + path.rest == path.text
    assert path.is_exception is not bool(steps)
    assert path.goes_along_the_chain is any("__" in link for link in links)
    if not steps:
        assert leads_to_exception(path.text)


@given(st.text())
def test_any_text_is_a_path(text: str) -> None:
    path = ValuePath.of(text)
    assert path.text == text
    assert isinstance(path.held, (Held, type(None)))
    assert all(text.startswith(outer) for outer in path.outward()) or not text.startswith("exc")


@pytest.mark.parametrize(
    ("text", "held"),
    [
        ("exc", None),
        ("message", None),
        ("exc.args[2].pool", ("exc.args[2]", True, 2, None)),
        ("exc.client.pool", ("exc.client", True, None, "client")),
        ("exc.__cause__.client", ("exc.__cause__.client", False, None, "client")),
        ("exc.__cause__", ("exc.__cause__", True, None, "__cause__")),
        ("exc.__cause__ message", ("exc.__cause__", True, None, "__cause__")),
        ("exc.__cause__.exceptions[1]", ("exc.__cause__.exceptions", False, None, "exceptions")),
    ],
)
def test_what_an_exception_holds_of_it(
    text: str, held: tuple[str, bool, int | None, str | None] | None
) -> None:
    found = ValuePath.of(text).held
    assert held == (
        None
        if found is None
        else (found.path, found.is_of_subject, found.argument, found.attribute)
    )


@pytest.mark.parametrize(
    ("text", "holder"),
    [
        ("exc", "exc"),
        ("exc.a", "exc"),
        ("exc.__cause__", "exc"),
        ("exc.__cause__.a", "exc.__cause__"),
        ("exc.__cause__ message", "exc.__cause__"),
        ("exc.__cause__.__context__", "exc.__cause__"),
    ],
)
def test_the_exception_that_loses_something(text: str, holder: str) -> None:
    assert ValuePath.of(text).holder == holder


def test_names() -> None:
    assert ValuePath.of("exc.request.headers['authorization']").header == "authorization"
    assert ValuePath.of("exc.headers").header is None
    assert ValuePath.of("exc.tokens[0][1]").name == "tokens"


def test_outward() -> None:
    assert list(ValuePath.of("exc.kwargs['error'].code").outward()) == [
        "exc.kwargs['error'].code",
        "exc.kwargs['error']",
        "exc.kwargs",
    ]
    assert list(ValuePath.of("exc.args[0].code").outward()) == ["exc.args[0].code", "exc.args[0]"]


@pytest.mark.parametrize(
    ("path", "leads"),
    [("exc", True), ("exc.a.__cause__", True), ("exc.exceptions[1]", True), ("exc.args[1]", False)],
)
def test_where_an_exception_may_lie(path: str, leads: bool) -> None:
    assert leads_to_exception(path) is leads
