"""The server that suites raise errors from says what the client's own library would
say."""

from __future__ import annotations

import pickle
from collections.abc import Callable

import pytest

from pytest_portable_errors.survey.suites.raising import phrases_of_response
from pytest_portable_errors.survey.suites.refusing_server import json_refusal, refusing_server

LIBRARIES = [("httpx", "Unprocessable Entity"), ("httpx2", "Unprocessable Content")]


class Wrapper(Exception):
    """What a client of that library makes of the error."""


def refused(library: str, address: str) -> Wrapper:
    http = pytest.importorskip(library)
    error = Wrapper()
    with http.Client(trust_env=False) as client, pytest.raises(http.HTTPStatusError) as caught:
        client.post(f"{address}/422/plain").raise_for_status()
    error.__context__ = caught.value
    return error


def shown(error: Wrapper, *, travelled: bool) -> str:
    """The response as it is shown, before its pickle and after."""
    response = error.__context__.response  # type: ignore[union-attr]  # httpx's
    return repr(pickle.loads(pickle.dumps(response)) if travelled else response)


@pytest.mark.parametrize(("library", "phrase"), LIBRARIES)
def test_what_made_the_response_says_the_phrase(library: str, phrase: str) -> None:
    with refusing_server(lambda _: json_refusal({})) as provider:
        phrases = phrases_of_response(refused(library, provider.address))
        assert phrases is not None
        assert phrases(422) == phrase
        provider.phrase_of = phrases
        own = refused(library, provider.address)
        provider.phrase_of = lambda _: "Words of Nobody"
        foreign = refused(library, provider.address)
    assert shown(own, travelled=True) == shown(own, travelled=False)
    assert shown(foreign, travelled=True) != shown(foreign, travelled=False), (
        "the control: a server's own words are dropped"
    )


def test_the_libraries_differ() -> None:
    phrases: list[Callable[[int], str]] = [
        pytest.importorskip(name).codes.get_reason_phrase for name, _ in LIBRARIES
    ]
    assert [phrase_of(422) for phrase_of in phrases] == [phrase for _, phrase in LIBRARIES]


def test_without_a_response_from_a_server_nobody_is_asked() -> None:
    httpx = pytest.importorskip("httpx")
    made_here = httpx.HTTPStatusError("refused", request=None, response=httpx.Response(422))
    cyclic = Wrapper()
    cyclic.__cause__ = cyclic
    assert [phrases_of_response(error) for error in (None, Wrapper(), made_here, cyclic)] == [
        None
    ] * 4
