"""A credential is named by its path, and its value is never written; what only looks like one is
left alone."""

from __future__ import annotations

import argparse
import decimal
import json
import pickle
import sys
import threading
import time
import urllib.parse
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import cloudpickle
import error_zoo as zoo
import pytest
from diagnosis.planted import (
    KEYS,
    LETTERS,
    PURE,
    SLOW,
    CarriesChain,
    Planted,
    after,
    assert_hidden,
    caused_by,
    found_in,
    texts_of,
    with_attribute,
    written,
)
from hypothesis import assume, example, given
from hypothesis import strategies as st

from pytest_portable_errors import check_round_trip
from pytest_portable_errors.diagnosis.credentials import find_credentials, is_secret_header
from pytest_portable_errors.diagnosis.loss import Loss
from pytest_portable_errors.diagnosis.masking import Mask
from pytest_portable_errors.diagnosis.pickle_reader import read
from pytest_portable_errors.diagnosis.secret_patterns import MASK
from pytest_portable_errors.diagnosis.shown import headline, show
from pytest_portable_errors.receiver.described import Record
from pytest_portable_errors.receiver.record import describe

if sys.version_info < (3, 11):
    from exceptiongroup import ExceptionGroup

CONTROL = "c0ntrol-value-7Q"

NAMED = [
    *(
        "authorization",
        "proxy-authorization",
        "Proxy-Authorization",
        "api_key",
        "x-api-key",
        "apiKey",
        "token",
        "access_token",
    ),
    *(
        "password",
        "dbPassword",
        "PGPASSWORD",
        "password2",
        "client_secret",
        "secret",
        "cookie",
        "Set-Cookie",
        "private_key",
    ),
]
NAMES = st.sampled_from(NAMED)
ANY_CHARACTER = st.characters(exclude_categories=())  # lone surrogates, too
TRICKY = st.text(
    st.sampled_from("aB3 '\"\\\n\t\x00\x1b{}[]=:,é€\U0001f511\udc80"), min_size=4, max_size=40
)
# A text that only repeats its name is no secret.
TEXTS = st.one_of(st.text(ANY_CHARACTER, min_size=4, max_size=60), TRICKY).filter(
    lambda text: text.lower() not in map(str.lower, NAMED)
)
LONG = st.builds(
    lambda text, times: text * times,
    st.text(ANY_CHARACTER, min_size=25, max_size=40),
    st.integers(81, 200),
)
BYTES = st.binary(min_size=4, max_size=60)
SHORT = st.text(ANY_CHARACTER, min_size=1, max_size=3)

BY_NAME: dict[str, Callable[[str, Any], Planted]] = {
    "attribute": lambda name, value: Planted(
        with_attribute(ValueError("a"), name, value), f"exc.{name}"
    ),
    "dict": lambda name, value: Planted(
        with_attribute(ValueError("a"), "config", {"retries": 3, name: value}),
        f"exc.config[{name!r}]",
    ),
    "bytes key": lambda name, value: Planted(
        with_attribute(ValueError("a"), "raw", {name.encode(): value}),
        f"exc.raw[{name.encode()!r}]",
    ),
    "argument": lambda name, value: Planted(
        ValueError("a", {name: value}), f"exc.args[1][{name!r}]"
    ),
    "list": lambda name, value: Planted(
        with_attribute(ValueError("a"), name, ["", value]), f"exc.{name}[1]"
    ),
    "dict of such": lambda name, value: Planted(
        with_attribute(ValueError("a"), name, {"a[b": (value,)}), f"exc.{name}['a[b'][0]"
    ),
    "nested": lambda name, value: Planted(
        with_attribute(ValueError("a"), "details", [({"inner": {name: value}}, 1)]),
        f"exc.details[0][0]['inner'][{name!r}]",
    ),
    "object": lambda name, value: Planted(
        with_attribute(ValueError("a"), "client", argparse.Namespace(url="u", **{name: value})),
        f"exc.client.{name}",
    ),
    "object that writes itself": lambda name, value: Planted(
        with_attribute(ValueError("a"), "client", SimpleNamespace(url="u", **{name: value})),
        f"exc.client.{name}",
    ),
    "headers": lambda name, value: Planted(
        with_attribute(
            ValueError("a"),
            "response",
            argparse.Namespace(_list=[("accept", "json"), (name, value)]),
        ),
        f"exc.response[{name.lower()!r}]",
    ),
    "cause": lambda name, value: Planted(
        caused_by(ValueError("a"), with_attribute(KeyError("b"), name, value)), None
    ),
    "context": lambda name, value: Planted(
        after(ValueError("a"), with_attribute(KeyError("b"), name, value)), None
    ),
    "carried cause": lambda name, value: Planted(
        caused_by(CarriesChain("a"), with_attribute(KeyError("b"), name, value)),
        f"exc.__cause__.{name}",
    ),
    "member": lambda name, value: Planted(
        ExceptionGroup("g", [KeyError("b"), with_attribute(ValueError("a"), name, value)]),
        f"exc.exceptions[1].{name}",
    ),
}


def assume_telling(value: str | bytes) -> None:
    """Not ``None`` or ``***``, nor a small number, nor a word that would be hidden only where it
    stands alone."""
    text = value.decode("latin-1") if isinstance(value, bytes) else value
    assume(text.strip("*.") and text not in ("None", "True", "False", "null", "true", "false"))


# In a payload alone, as where a stored one is inspected


def in_payload(exc: BaseException) -> tuple[Mask, list[tuple[str, str]]]:
    found = find_credentials(read(pickle.dumps(exc)))
    return found.mask, [(credential.path, credential.kind) for credential in found.credentials]


def test_a_secret_that_stands_in_bytes_alone_is_found() -> None:
    assert in_payload(ValueError(b"ghp_0123456789abcdef0123"))[1] == [
        ("exc.args[0]", "GitHub token")
    ]


@pytest.mark.parametrize(
    "exc",
    [
        with_attribute(ValueError("m"), "password", "hunter22"),
        ValueError("GET postgres://bob:hunter22@db/x"),
    ],
)
def test_every_place_where_a_secret_stands_again_is_named(exc: BaseException) -> None:
    mask, (_, again) = in_payload(with_attribute(exc, "told", "by hunter22 himself"))
    assert again == ("exc.told", "a credential that stands elsewhere, too")
    assert mask.text("by hunter22 himself") == f"by {MASK} himself"


def test_what_lies_deep_below_a_secret_name_is_named() -> None:
    exc = with_attribute(ValueError("a"), "config", {"db": {"password": ["", "hunter22"]}})
    assert in_payload(exc)[1] == [("exc.config['db']['password'][1]", "password")]


def test_a_short_word_that_stands_again_is_named_where_it_stands_alone() -> None:
    exc = with_attribute(ValueError("the latest", "the test"), "password", "test")
    assert in_payload(exc)[1] == [
        ("exc.password", "password"),
        ("exc.args[1]", "a credential that stands elsewhere, too"),
    ]


@pytest.mark.parametrize(
    ("value", "is_named"),
    [(999, False), (1000, True), (-999, False), (-1000, True), (True, False)],
    ids=repr,
)
def test_a_number_of_three_digits_is_no_password(value: int, is_named: bool) -> None:
    assert (
        in_payload(with_attribute(ValueError("a"), "password", value))[1]
        == [("exc.password", "password")] * is_named
    )


# By name


@PURE
@given(place=st.sampled_from(list(BY_NAME)), name=NAMES, value=st.one_of(TEXTS, BYTES, LONG))
@example(place="attribute", name="password", value='it\'s "so"')
@example(place="object that writes itself", name="token", value="\\'\"\n")
@example(place="headers", name="cookie", value="x" * 5000)
def test_a_value_under_a_secret_name_is_never_written(
    place: str, name: str, value: str | bytes
) -> None:
    assume_telling(value)
    planted = BY_NAME[place](name, value)
    assert_hidden(value, written(planted.exc), written(BY_NAME[place](name, CONTROL).exc))


@PURE
@given(place=st.sampled_from(list(BY_NAME)), name=NAMES, value=st.one_of(TEXTS, SHORT))
def test_a_value_under_a_secret_name_is_named_by_its_path(
    place: str, name: str, value: str
) -> None:
    assume_telling(value)
    planted = BY_NAME[place](name, value)
    paths = [credential.path for credential in found_in(planted.exc).credentials]
    expected = None if planted.path is None else found_in(planted.exc).mask.text(planted.path)
    assert expected is None or expected in paths


@PURE
@given(
    place=st.sampled_from(sorted(set(BY_NAME) - {"object that writes itself"})),
    name=NAMES,
    one=SHORT,
    other=SHORT,
)
def test_of_a_short_value_nothing_can_be_told_where_its_name_stands(
    place: str, name: str, one: str, other: str
) -> None:
    assume_telling(one)
    assume_telling(other)
    first, second = BY_NAME[place](name, one).exc, BY_NAME[place](name, other).exc
    records = [json.dumps(found_in(exc).mask.record(describe(exc))) for exc in (first, second)]
    # Which quotes repr takes depends on the value, and is all that one sees of it.
    assert records[0].replace(r"\"", "'") == records[1].replace(r"\"", "'")
    assert found_in(first).credentials == found_in(second).credentials


@PURE
@given(
    name=NAMES,
    value=st.one_of(TEXTS, BYTES, LONG),
    before=st.text(ANY_CHARACTER, max_size=20),
    after=st.text(max_size=20),
)
@example(name="password", value="abcd", before="\n", after="")
@example(name="password", value="x7" * 1500, before="a" * 30, after="")
def test_a_value_is_hidden_wherever_it_stands_again(
    name: str, value: str | bytes, before: str, after: str
) -> None:
    assume_telling(value)

    def build(value: str | bytes) -> BaseException:
        text = value.decode("latin-1") if isinstance(value, bytes) else value
        again = f"{before} {text} {after}"
        exc = with_attribute(ValueError(again, {"body": [again, {"deep": value}]}), name, value)
        exc.__dict__["__notes__"] = [again]
        return caused_by(exc, KeyError(again))

    assert_hidden(
        value,
        written(build(value)),
        written(build(CONTROL)) + before + after + repr(before) + repr(after),
    )


@PURE
@given(
    value=st.text(st.sampled_from(LETTERS), min_size=8, max_size=30),
    before=st.sampled_from(["", "x", "_", "7"]),
)
def test_a_value_is_hidden_inside_another_word(value: str, before: str) -> None:
    def build(value: str) -> BaseException:
        return with_attribute(ValueError(f"/srv/{before}{value}{before}.txt"), "password", value)

    assert_hidden(value, written(build(value)), written(build(CONTROL)))


def test_a_short_word_is_hidden_after_a_line_break_that_repr_writes_as_a_letter() -> None:
    assert "abcd" not in written(with_attribute(ValueError("a", "x\nabcd"), "password", "abcd"))


def test_a_short_word_is_not_hidden_inside_another() -> None:
    exc = with_attribute(ValueError("the latest test"), "password", "test")
    assert (
        headline(found_in(exc).mask.record(describe(exc))["exceptions"][0])
        == "ValueError: the latest ***"
    )


@PURE
@given(name=NAMES, value=TEXTS)
def test_what_is_quoted_after_a_name_in_a_message_is_hidden(name: str, value: str) -> None:
    assume_telling(value)
    for quoted in (
        f"failed: {name}={value!r}, really",
        f"sent { ({'a': 1, name: value}) }",
        f"sent {json.dumps({name: value})}",
    ):
        exc = caused_by(ValueError(quoted), KeyError(quoted))
        control = caused_by(ValueError(quoted.replace(value, CONTROL)), KeyError("b"))
        found = found_in(exc)
        assert_hidden(value, written(exc), written(control))
        assert [credential.path for credential in found.credentials] == ["exc.args[0]"]


def test_what_a_message_was_cut_in_is_hidden_too() -> None:
    value = "x7y8z9" * 500
    exc = with_attribute(ValueError(f"sent {value}", [f"also {value}"]), "password", value)
    found = found_in(exc)
    for text in texts_of(found.mask.record(describe(exc))):
        assert "x7y8" not in text
    assert "x7y8" not in written(exc)
    assert "length" in found.mask.record(describe(exc))["exceptions"][0]["message"], (
        "how much was cut is no secret"
    )


def test_the_digest_of_a_hidden_text_is_left_out() -> None:
    exc = with_attribute(ValueError("a"), "password", "x" * 3000)
    assert "sha256" not in json.dumps(found_in(exc).mask.record(describe(exc)))


def test_a_header_is_known_by_its_path() -> None:
    assert is_secret_header("exc.request.headers['authorization']")
    assert not is_secret_header("exc.headers['a'].value")


def test_neighbours_of_a_secret_are_left_alone() -> None:
    exc = with_attribute(
        ValueError("order 7 declined"),
        "config",
        {"password": "hunter2", "user": "bob", "retries": 3},
    )
    shown = show(found_in(exc).mask.record(describe(exc))["exceptions"][0]["attributes"]["config"])
    assert shown == "{'password': '***', 'retries': 3, 'user': 'bob'}"


def test_of_what_is_written_as_bytes_or_as_a_pair_only_the_secret_is_hidden() -> None:
    headers = [
        ("accept", "a", "json"),
        ("x-api-key", "k1"),
        (b"X-Api-Key", b"x-api-key", b"k1"),
        ("x-api-key", "a", "b", "c"),
    ]
    exc = with_attribute(ValueError("it's hunter22", b"\xff hunter22", b"\xff"), "_list", headers)
    node = Mask(["hunter22"]).record(describe(exc))["exceptions"][0]
    assert [item["text"] for item in node["args"]["items"]] == [
        '"it\'s ***"',
        r"b'\xff ***'",
        r"b'\xff'",
    ]
    shown = [
        [item["text"] for item in pair["items"]] for pair in node["attributes"]["_list"]["items"]
    ]
    assert shown == [
        ["'accept'", "'a'", "'json'"],
        ["'x-api-key'", "'***'"],
        ["b'X-Api-Key'", "b'x-api-key'", MASK],
        ["'x-api-key'", "'a'", "'b'", "'c'"],
    ]


# Cost


@pytest.mark.parametrize(
    "unit",
    [
        *(
            "a",
            "sk-",
            "sk-a1-",
            "eyJ",
            "eyJ-",
            "eyJ.",
            "://",
            "a://b:",
            "-----BEGIN PRIVATE KEY-----",
            "-----BEGIN ",
            "AKIA",
            "xox",
        ),
        *(
            "token=",
            "max_token=",
            "max_token='",
            "max_token=\"x max_token='",
            "'token':",
            "a_",
            "a-",
            "a.",
            "password",
            "api_",
            "\\",
        ),
        *("Bearer ", "basic a", "bearer a/", "token='\\'", "ghp_"),
    ],
)
def test_the_time_grows_with_the_length_of_a_text(unit: str) -> None:
    text = "token " + unit * (1_000_000 // len(unit))
    mask = Mask(["hunter2-hunter2"])
    start = time.process_time()
    mask.cut_text(text)
    assert time.process_time() - start < 3, "0.3 seconds where nothing else runs"


def test_many_secrets_do_not_take_long() -> None:
    exc = ValueError([f"ghp_{number:036d}" for number in range(3_000)])
    start = time.process_time()
    found = found_in(exc)
    found.mask.record(describe(exc))
    assert len(found.credentials) == 3_000
    assert time.process_time() - start < 5


def test_an_ordinary_exception_is_not_described_again() -> None:
    record = describe(ValueError("a"))
    assert (
        find_credentials(read(pickle.dumps(ValueError("a"))), record, None).mask.record(record)
        is record
    )


# Whole trips


def told(trip: Any) -> str:
    """Everything that a trip can be asked for."""
    return "\n".join(
        [
            str(trip),
            repr(trip),
            json.dumps(trip.to_dict()),
            str(trip.diagnosis),
            str(trip.sent),
            str(trip.losses),
        ]
    )


def outcome(how: str, name: str, value: Any) -> Any:
    """A trip that ends in such a way, with a secret in the exception."""
    if how == "whole":
        return check_round_trip(
            with_attribute(ValueError(f"sent {value}"), name, value), receiver="stdlib"
        )
    if how == "changed":
        exc: BaseException = caused_by(
            zoo.NotFound(value), with_attribute(KeyError(value), name, value)
        )
        return check_round_trip(
            with_attribute(exc, "config", {name: value}), receiver="with-project"
        )
    if how == "loads":
        return check_round_trip(
            with_attribute(zoo.PaymentError(7, f"declined: {value}"), name, value),
            receiver="with-project",
        )
    if how == "dumps":
        exc = with_attribute(ValueError("a", {name: value}, threading.Lock()), name, [value])
        return check_round_trip(with_attribute(exc, "again", f"x {value}"), receiver="stdlib")
    local = type("Local", (Exception,), {name: value, "__module__": __name__})
    return check_round_trip(local(f"sent {value}"), receiver="stdlib", serializer="cloudpickle")


STAGES = {
    "whole": "arrived",
    "changed": "arrived",
    "loads": "loads",
    "dumps": "dumps",
    "local class": "arrived",
}


@pytest.mark.parametrize("how", STAGES)
@SLOW
@given(name=NAMES, value=st.one_of(TEXTS, KEYS, LONG))
def test_a_trip_never_tells_a_secret(how: str, name: str, value: str) -> None:
    assume_telling(value)
    trip = outcome(how, name, value)
    assert trip.stage.value == STAGES[how]
    assert trip.arrived_whole is (how == "whole")
    assert_hidden(value, told(trip), told(outcome(how, name, CONTROL)))
    assert bool(trip.credentials) is (how != "dumps")


def test_without_a_payload_nothing_is_carried_and_all_is_hidden() -> None:
    trip = outcome("dumps", "password", "hunter2")
    assert trip.credentials == ()
    assert "hunter2" not in told(trip)
    assert MASK in str(trip)


def test_an_attribute_of_a_local_class_is_named() -> None:
    trip = outcome("local class", "api_key", "hunter2-hunter2")
    assert any("api_key" in credential.path for credential in trip.credentials)
    assert {credential.kind for credential in trip.credentials} >= {"api_key"}


def test_headers_of_a_request_are_named_by_their_paths() -> None:
    httpx = pytest.importorskip("httpx")
    request = httpx.Request(
        "GET",
        "https://bob:hunter2@example.org/x",
        headers={"Authorization": "Bearer abc", "x-api-key": "k1"},
    )
    exc = httpx.HTTPStatusError(
        "failed", request=request, response=httpx.Response(401, request=request)
    )
    reading = read(cloudpickle.dumps(exc))
    found = find_credentials(reading, describe(exc))
    paths = {credential.path for credential in found.credentials}
    assert {path for path in paths if is_secret_header(path)} >= {
        "exc._request.headers['authorization']",
        "exc._request.headers['x-api-key']",
    }
    assert "hunter2" not in json.dumps(found.mask.record(describe(exc)))


def test_the_name_of_a_header_is_no_credential_where_it_is_kept_beside_the_value() -> None:
    requests = pytest.importorskip("requests")
    exc = requests.HTTPError("failed", request=requests.Request("GET", "https://example.org"))
    exc.request.headers = requests.structures.CaseInsensitiveDict(Authorization="Bearer hunter2")
    found = find_credentials(read(cloudpickle.dumps(exc)), describe(exc))
    assert [(credential.path, credential.kind) for credential in found.credentials] == [
        ("exc.request.headers._store['authorization'][1]", "authorization")
    ]
    shown = json.dumps(found.mask.record(describe(exc)))
    assert "Authorization" in shown
    assert "hunter2" not in shown


def test_a_loss_still_shows_that_there_is_a_difference() -> None:
    mask = Mask(["hunter2", "hunter3"])
    loss = mask.loss(
        Loss(kind="attributes", path="exc.url", sent="'hunter2'", received="'hunter3'")
    )
    assert (loss.sent, loss.received) == ("'***'", "'***' (another)")
    lost = mask.loss(Loss(kind="attributes", path="exc.token[0]", sent="'ab'", received="missing"))
    assert (lost.sent, lost.received) == (MASK, "missing")


def test_a_record_that_was_received_is_searched_too() -> None:
    sent: Record = describe(ValueError("a"))
    received = describe(with_attribute(ValueError("a"), "password", "hunter2"))
    mask = find_credentials(read(b""), sent, received).mask
    assert "hunter2" not in json.dumps(mask.record(received))


def test_plain_data_that_has_a_text_is_searched_whole() -> None:
    data = {
        "text": "a hunter2",
        "password": "ab",
        "secret": "None",
        "items": ("hunter2", {"token": "x"}),
        "token_count": 7,
    }
    shown = {
        "text": "a ***",
        "password": MASK,
        "secret": "None",
        "items": (MASK, {"token": MASK}),
        "token_count": 7,
    }
    assert Mask(["hunter2"]).data(data) == shown
    assert (
        Mask(["hunter2hunter2"]).data({"message": {"text": "a hunter2hun", "length": 3000}})[
            "message"
        ]["text"]
        == f"a {MASK}"
    )


class Revealed(str):
    """A text of a class of its own, as pydantic's secrets used to be."""

    __slots__ = ()


def test_a_text_of_a_class_of_its_own_is_a_credential_under_its_name() -> None:
    exc = with_attribute(ValueError("a"), "password", Revealed("hunter2"))
    assert [(one.path, one.kind) for one in found_in(exc).credentials] == [
        ("exc.password", "password")
    ]
    assert "hunter2" not in written(exc)


@pytest.mark.parametrize(
    ("url", "paths"),
    [
        ("http://shop.example:8080/pay", []),
        ("http://bob:hunter2@shop.example/pay", ["exc.url.netloc"]),
    ],
)
def test_a_port_of_a_url_that_was_taken_apart_is_no_password(url: str, paths: list[str]) -> None:
    exc = with_attribute(ValueError("a"), "url", urllib.parse.urlsplit(url))
    assert [one.path for one in found_in(exc).credentials] == paths


@pytest.mark.parametrize(
    ("url", "kinds"),
    [
        ("http://[2001:db8::1]:8080/pay", []),
        ("http://bob:hunter2@[2001:db8::1]:8080/pay", ["userinfo"]),
    ],
)
def test_a_host_with_colons_is_no_password(url: str, kinds: list[str]) -> None:
    httpx = pytest.importorskip("httpx")
    for parsed in (httpx.URL(url), urllib.parse.urlsplit(url)):
        exc = with_attribute(ValueError("a"), "url", parsed)
        assert [one.kind for one in found_in(exc).credentials] == kinds
        assert "2001:db8::1" in in_payload(exc)[0].text(f"at {url}")


def test_a_password_with_a_colon_is_hidden_as_a_whole() -> None:
    exc = with_attribute(
        ValueError("a"), "url", urllib.parse.urlsplit("http://bob:hun:ter22@shop.example/pay")
    )
    assert in_payload(exc)[0].text("hun, ter22, hun:ter22") == f"hun, ter22, {MASK}"


def test_what_is_hidden_stays_so_when_it_is_hidden_again() -> None:
    exc = with_attribute(
        with_attribute(ValueError("a"), "password", b"hunter2"), "secret", "hunter2"
    )
    mask = found_in(exc).mask
    once = mask.record(describe(exc))
    assert mask.record(once) == once
    assert json.dumps(once).count(MASK) == 2


def test_a_token_that_is_no_text_is_what_the_error_is_about() -> None:
    exc = with_attribute(
        with_attribute(ValueError("a"), "token", decimal.Decimal("12345678")),
        "password",
        decimal.Decimal("87654321"),
    )
    attributes = found_in(exc).mask.record(describe(exc))["exceptions"][0]["attributes"]
    assert (attributes["token"]["text"], attributes["password"]["text"]) == (
        "Decimal('12345678')",
        MASK,
    )
