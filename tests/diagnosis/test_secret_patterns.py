"""What is a secret by its name or its shape is found; what only looks like one is left alone."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

import pytest
from diagnosis.planted import (
    KEYS,
    PURE,
    SHAPES,
    SLOW,
    CarriesChain,
    Planted,
    after,
    assert_hidden,
    caused_by,
    found_in,
    with_attribute,
    written,
)
from hypothesis import given
from hypothesis import strategies as st

from pytest_portable_errors.diagnosis.secret_names import is_secret_name, kind_of
from pytest_portable_errors.diagnosis.secret_patterns import (
    MASK,
    secrets_in,
    spellings,
    without_secrets,
)
from pytest_portable_errors.receiver.record import describe

if sys.version_info < (3, 11):
    from exceptiongroup import ExceptionGroup


def noted(*notes: str) -> BaseException:
    return with_attribute(ValueError("a"), "__notes__", list(notes))


BY_SHAPE: dict[str, Callable[[str], Planted]] = {
    "message": lambda value: Planted(ValueError(f"failed with {value}, twice"), "exc.args[0]"),
    "argument": lambda value: Planted(ValueError("a", 7, value), "exc.args[2]"),
    "bytes": lambda value: Planted(ValueError(f"<{value}>".encode()), "exc.args[0]"),
    "after a line break": lambda value: Planted(
        ValueError("a", f"key:\n{value}\tend"), "exc.args[1]"
    ),
    "attribute": lambda value: Planted(
        with_attribute(ValueError("a"), "body", {"error": [value]}), "exc.body['error'][0]"
    ),
    "key": lambda value: Planted(with_attribute(ValueError("a"), "seen", {value: 1}), "exc.seen"),
    "attribute's name": lambda value: Planted(
        with_attribute(ValueError("a"), value, 1), f"exc.{MASK}"
    ),
    "note": lambda value: Planted(noted("first", f"used {value}"), "exc.__notes__[1]"),
    "cause": lambda value: Planted(caused_by(ValueError("a"), KeyError(value)), None),
    "context": lambda value: Planted(after(ValueError("a"), KeyError(value)), None),
    "carried cause": lambda value: Planted(
        caused_by(CarriesChain("a"), KeyError(value)), "exc.__cause__.args[0]"
    ),
    "member": lambda value: Planted(
        ExceptionGroup("g", [KeyError(value)]), "exc.exceptions[0].args[0]"
    ),
}


# By shape


@PURE
@given(place=st.sampled_from(list(BY_SHAPE)), value=KEYS)
def test_what_has_the_shape_of_a_key_is_hidden_and_named(place: str, value: str) -> None:
    planted = BY_SHAPE[place](value)
    found = found_in(planted.exc)
    assert_hidden(value, written(planted.exc), "")
    assert [credential.path for credential in found.credentials] == (
        [] if planted.path is None else [planted.path]
    )


@pytest.mark.parametrize("kind", SHAPES)
def test_the_kind_of_a_key_is_said(kind: str) -> None:
    @PURE
    @given(SHAPES[kind])
    def check(value: str) -> None:
        assert [
            credential.kind for credential in found_in(ValueError(f"a {value} b")).credentials
        ] == [kind]

    check()


@pytest.mark.parametrize(
    ("text", "shown", "kind"),
    [
        ("GET postgres://bob:hunter2@db/x", "GET postgres://bob:***@db/x", "URL with password"),
        ("redis://:p4ss#w@host:6379/0", "redis://:***@host:6379/0", "URL with password"),
        ("Authorization: Bearer abc.def-1234", "Authorization: Bearer ***", "authorization"),
        ("Authorization: Basic Ym9iOmh1bnRlcg==", "Authorization: Basic ***", "authorization"),
        (
            "Authorization: token 9944b09199c62bcf9418ad846dd0e4bb",
            "Authorization: token ***",
            "authorization",
        ),
        ("GET /x?api_key=a1b2&page=2", "GET /x?api_key=***&page=2", "api_key"),
        ("connect(host='h', password='a b')", "connect(host='h', password='***')", "password"),
        ('{"clientSecret": "a\\"b"}', '{"clientSecret": "***"}', "client_secret"),
        ("PGPASSWORD=x psql", "PGPASSWORD=*** psql", "pgpassword"),
        ("next_token=ghp_0123456789abcdef0123", "next_token=***", "GitHub token"),
        ("Authorization='Bearer abcdef'", "Authorization='Bearer ***'", "authorization"),
        ("Authorization='Bearer '", "Authorization='***'", "authorization"),
        ("Bearer sk-abcdefghijklmnop, really", "Bearer ***, really", "API key (sk-...)"),
        ("token='5'", "token='***'", "token"),
        (f"GET /x?api_key={'a/' * 300}&page=2", "GET /x?api_key=***&page=2", "api_key"),
    ],
)
def test_only_the_secret_of_a_text_is_hidden(text: str, shown: str, kind: str) -> None:
    found = found_in(ValueError(text))
    assert found.mask.text(text) == shown
    assert [(credential.path, credential.kind) for credential in found.credentials] == [
        ("exc.args[0]", kind)
    ]


# The shortest that is a key, and one that is not
EDGES = [
    ("sk-abcdefghijklmnop", "sk-abcdefghijklmno", "API key (sk-...)"),
    ("sk-abcdefghijklmnop", "sk-abcdefgh_abcdefgh", "API key (sk-...)"),
    ("sk-abcdef_1", "sk-abcde_1", "API key (sk-...)"),
    ("sk-x-1234", "sk-x-123", "API key (sk-...)"),
    ("sk-aB3-abcdef-abcdef-ab", "sk-aB3-abcdef-abcdef-a", "API key (sk-...)"),
    ("sk-aB3-abcdef-abcdef-ab", "sk-ab3-abcdef-abcdef-ab", "API key (sk-...)"),
    ("eyJabcde.abcde", "eyJabcd.abcde", "JWT"),
    ("eyJabcde.abcde.abc", "eyJabcde.abcd.abcde", "JWT"),
    ("AKIAABCDEFGHIJKLMNOP", "AKIAABCDEFGHIJKLMNO", "AWS access key"),
    ("AKIAABCDEFGHIJ7L", "AKIAABCDEFGHIJKL", "AWS access key"),
    ("Bearer abcdefg7", "Bearer abcdefgh", "authorization"),
    ("Bearer abcdefgh=", "Bearer abcdef7", "authorization"),
    ("Token abcdefghijklmno7", "Token abcdefghijklmnop", "authorization"),
    ("Token abcdefghijklmno7", "Token abcdefghijklmn7", "authorization"),
    ("Basic YTpi", "Basic YWJj", "authorization"),
]


@pytest.mark.parametrize(("key", "harmless", "kind"), EDGES)
def test_where_a_key_begins_to_look_like_one(key: str, harmless: str, kind: str) -> None:
    assert [secret.kind for secret in secrets_in(f"a {key}, b")] == [kind]
    assert without_secrets(f"a {key}, b") == f"a {key[: key.find(' ') + 1]}{MASK}, b"
    assert without_secrets(f"a {harmless}, b") == f"a {harmless}, b"


SPELLINGS = {
    "a/\n": ["a/\n", r"a/\n", r"a/\\n", "a/%0A", "a%2F%0A"],
    'a"b': ['a"b', r"a\"b", r'a\\"b', r"a\\\"b", "a%22b"],
    "a'b": ["a'b", r"a\'b", r"a\\'b", r"a\\\'b", "a%27b"],
    # As itself, as UTF-8 that is read as Latin-1, and both as repr, JSON and those of each other
    # write them
    "\u00ff": [
        *("\u00ff", r"\xff", r"\\xff", r"\u00ff", r"\\u00ff", "%C3%BF"),
        *("\u00c3\u00bf", r"\xc3\xbf", r"\\xc3\\xbf", r"\u00c3\u00bf", r"\\u00c3\\u00bf"),
    ],
}


@pytest.mark.parametrize("secret", SPELLINGS)
def test_a_secret_is_known_as_whatever_quotes_it_spells_it(secret: str) -> None:
    assert spellings(secret) == set(SPELLINGS[secret])


@pytest.mark.parametrize(
    ("secret", "spelled"),
    [
        *(
            ("\u00c3\u00bf", "\u00ff"),
            ("\u0100", r"\xc4\x80"),
            ("\u0100", r"\u0100"),
            ("\udc80", r"\xed\xb2\x80"),
            ("\udc80", "%ED%B2%80"),
        ),
        *(("\u00ff\0", "\u00ff\\u0000"), ("\u00ff'\"", "\\xff\\'\"")),
    ],
)
def test_it_is_known_as_bytes_spell_it_too(secret: str, spelled: str) -> None:
    assert spelled in spellings(secret)


def test_a_kind_is_the_last_words_of_a_name() -> None:
    assert [kind_of(name) for name in ("X-Api-Key", "theShopsOwnDbPassword2")] == [
        "x_api_key",
        "shops_own_db_password",
    ]


@pytest.mark.parametrize(
    "name",
    [
        *(
            "api_key",
            "x-api-key",
            "Authorization",
            "dbPassword",
            "AWS_SECRET_ACCESS_KEY",
            "password2",
            "Set-Cookie",
            "openai.api_key",
        ),
        *("access_token", "current_password", "x" * 191 + "_password"),
    ],
)
def test_names_of_secrets(name: str) -> None:
    assert is_secret_name(name)


@pytest.mark.parametrize(
    "name",
    [
        *(
            "token_count",
            "max_tokens",
            "tokens",
            "next_token",
            "eos_token",
            "secretary",
            "key",
            "keys",
            "author",
            "monkey",
            "password_reset",
        ),
        *(
            "secret_name",
            "token_type",
            "PWD",
            "",
            "7",
            "cookiecutter",
            "authorization_url",
            "x" * 192 + "_password",
        ),
    ],
)
def test_names_of_something_else(name: str) -> None:
    assert not is_secret_name(name)


# Neighbours

HARMLESS: list[Any] = [
    "9fceb02d0ae598e95dc970b74767f19372d61af8",
    "f81d4fae-7dec-11d0-a765-00a0c91e6bf6",
    *(
        "sk-learn",
        "sk-learn-contrib",
        "sk-learn-contrib-extras-v2",
        "scikit-learn==1.4.2",
        "sk-1.4",
        "task-12345678",
        "disk-1234",
    ),
    *(
        "token_count=7",
        "max_tokens=4096",
        "next_token=abcdef",
        "token=7",
        "Token 12",
        "unexpected token: foo",
        "token == 'x'",
    ),
    *(
        "Basic authentication is required",
        "Bearer authentication",
        "basic JavaScript",
        "Unexpected token src/main2.c",
    ),
    *(
        "password must be at least 8 characters",
        "expected one of 'password', 'username'",
        "password: required",
        "secretary=bob",
    ),
    *(
        r"C:\Users\bob\token\key.txt",
        r"\\server\secret\x",
        "bob@example.org",
        "http://host:80/path@x",
        "http://host:80?q=a@b",
    ),
    *(
        "https://example.org/a:b@c",
        "[::1]:8080",
        "ASIAPACIFICREGION",
        "password=None",
        "password=***",
        "api_key=...",
    ),
    "aGVsbG8gd29ybGQhIGhlbGxvIHdvcmxkISBoZWxsbyB3b3JsZCEgaGVsbG8gd29ybGQh",
    "eyJuby1kb3QiOiJ0aGlzIGlzIG5vIEpXVCJ9",
    *(7, 123456789, 3.5, True, None, b"\x00\x01\xff" * 30),
]


@pytest.mark.parametrize("value", HARMLESS, ids=lambda value: repr(value)[:40])
def test_what_only_looks_like_a_secret_is_neither_hidden_nor_named(value: Any) -> None:
    exc = with_attribute(ValueError("a", value, {"detail": value}), "detail", [value])
    exc.__dict__.update(
        token_count=7,
        max_tokens=4096,
        next_token="abc",
        secretary="bob",
        commit="9fceb02d0ae5",
        password=None,
    )
    found = found_in(exc)
    assert found.credentials == ()
    assert found.mask.record(describe(exc)) == describe(exc)


@SLOW
@given(
    st.recursive(
        st.none() | st.integers() | st.floats(),
        lambda inner: st.lists(inner) | st.dictionaries(st.integers(), inner),
    )
)
def test_numbers_are_no_secrets(value: Any) -> None:
    exc = ValueError("a", value)
    assert found_in(exc).credentials == ()
    assert found_in(exc).mask.record(describe(exc)) == describe(exc)
