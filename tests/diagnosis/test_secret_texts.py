"""Credentials as they stand in configurations, headers, command lines and real objects; and what is
none, though it looks like one."""

from __future__ import annotations

import base64
import collections
import pickle
import random
import string
import types
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from pytest_portable_errors.diagnosis import secret_texts
from pytest_portable_errors.diagnosis.credentials import find_credentials
from pytest_portable_errors.diagnosis.pickle_reader import read
from pytest_portable_errors.diagnosis.secret_patterns import without_secrets
from pytest_portable_errors.diagnosis.secret_values import is_secret
from pytest_portable_errors.receiver import record
from pytest_portable_errors.receiver.canonical import canonical

PASSWORD = "hu7Nter2Qx"
LONG = "q7Zk2mPv9LxT4cRb8WnJ5sYd3GfHaE6u"
HARMLESS = (Path(__file__).parent / "harmless_texts.txt").read_text(encoding="utf-8").splitlines()

# "{}" stands for the secret; of the second kind only what is long and random is one.
NAMED = """
x-api-key: {}
Cookie: session={}
Set-Cookie: sid={}; Path=/
X-Auth-Token: {}
X-Vault-Token: {}
PRIVATE-TOKEN: {}
Ocp-Apim-Subscription-Key: {}
x-functions-key: {}
Authorization: Token {}
the request had Authorization: Token {} and failed
password: {}
passcode: {}
client_secret: {}
GITHUB_TOKEN: {}
export GITHUB_TOKEN={}
bearer={}
db_pass={}
SMTP_PASS={}
machine h login bob password {}
<config><password>{}</password></config>
mysql --password {} -u bob
psql --password=xyz --token {}
command failed: ['mysql', '--password', '{}']
curl -H 'x-api-key: {}' http://shop.example
Driver=SQL;Server=h;UID=bob;PWD={};
Server=h;User Id=bob;Pwd={};
dsn=postgres://bob:{}@h/db
redis://:{}@h:6379/0
//registry.example/:_authToken={}
'password' => '{}'
password := {}
curl -u bob:{} http://shop.example
sshpass -p {} ssh h
password is {}
CREATE USER bob IDENTIFIED BY '{}'
<password><![CDATA[{}]]></password>
<add key="DbPassword" value="{}"/>
{"name": "DB_PASSWORD", "value": "{}"}
<Cookie sessionid={} for shop.example/>
""".strip().splitlines()
LONG_NAMED = """
https://maps.example/api?key={}
https://a.blob.core.windows.net/c/b?sv=2020&sig={}&se=1
SharedAccessSignature={}
AccountName=a;AccountKey={};EndpointSuffix=core.windows.net
https://s3.example/x?X-Amz-Credential={}&X-Amz-Date=1
https://s3.example/x?X-Amz-Signature={}
stripe_key={}
FERNET_KEY={}
tokens={}
JSESSIONID={}
client_assertion={}
with secret {}
https://{}@sentry.example/1
""".strip().splitlines()
BLOCKS = (
    "db:\n  user: bob\n  password: {}\n  host: h",
    "[db]\npassword = {}\nuser = bob",
    "GET / HTTP/1.1\nHost: h\nx-api-key: {}\n",
    '{"host": "h", "password": "{}"}',
)


@pytest.mark.parametrize(
    ("text", "secret"),
    [
        *((text, PASSWORD) for text in (*NAMED, *BLOCKS)),
        *((text, LONG) for text in LONG_NAMED),
    ],
)
def test_what_stands_under_a_name_is_hidden(text: str, secret: str) -> None:
    hidden = without_secrets(text.replace("{}", secret))
    assert secret not in hidden
    assert hidden.startswith(text.partition("{}")[0][:4]), "all else stays"


@pytest.mark.parametrize("kind", ["RSA PRIVATE KEY", "PRIVATE KEY", "PGP PRIVATE KEY BLOCK"])
def test_a_block_is_hidden_whole(kind: str) -> None:
    assert without_secrets(f"a -----BEGIN {kind}-----\n{LONG}\n-----END {kind}----- b") == "a *** b"


@pytest.mark.parametrize("text", ["key1:", "password: x1y2z3q4 ", "token=", "--token a1 ", "<key>"])
def test_a_long_text_is_searched_in_bounded_steps(
    text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However often a name stands in it, so many values are looked at."""
    calls: list[str] = []

    def counted(name: str, value: str) -> bool:
        calls.append(name)
        return is_secret(name, value)

    monkeypatch.setattr(secret_texts, "is_secret", counted)
    without_secrets(text * 25_000)
    assert len(calls) <= 2 * secret_texts.MOST_NAMES


def test_the_words_around_it_stay() -> None:
    assert without_secrets(f"x-api-key: {PASSWORD}\nHost: h") == "x-api-key: ***\nHost: h"
    assert without_secrets(f"a --token {PASSWORD} b") == "a --token *** b"
    assert without_secrets(f"<password>{PASSWORD}</password>") == "<password>***</password>"


@pytest.mark.parametrize("text", HARMLESS)
def test_what_is_no_secret_stays(text: str) -> None:
    assert without_secrets(text) == text


HEX = "0123456789abcdef"
ANY = string.ascii_letters + string.digits
# Prefixes as the services publish them, each with what follows it.
PREFIXES: tuple[tuple[str, str, int], ...] = (
    ("npm_", ANY, 36),
    ("pypi-AgEIcHlwaS5vcmc", ANY, 80),
    ("SG.", ANY, 66),
    ("AIza", ANY, 35),
    ("dapi", HEX, 32),
    ("hvs.", ANY, 95),
    ("hvs.", ANY, 24),
    ("shpat_", HEX, 32),
    ("shpss_", HEX, 32),
    ("gsk_", ANY, 52),
    ("https://hooks.slack.com/services/T00000000/B00000000/", ANY, 24),
    ("sk_live_", ANY, 24),
    ("rk_live_", ANY, 24),
    ("dop_v1_", HEX, 64),
    ("SK", HEX, 32),
    ("123456789:AA", ANY, 33),
    ("hf_", ANY, 34),
    ("sk-ant-api03-", ANY, 95),
    ("sk-proj-", ANY, 74),
    ("ghp_", ANY, 36),
    ("gho_", ANY, 36),
    ("ghu_", ANY, 36),
    ("ghs_", ANY, 36),
    ("ghr_", ANY, 36),
    ("github_pat_", ANY, 82),
    ("glpat-", ANY, 20),
    ("dckr_pat_", ANY, 27),
    ("lin_api_", ANY, 40),
    ("pscale_tkn_", ANY, 43),
    ("pplx-", ANY, 48),
    ("figd_", ANY, 40),
    ("whsec_", ANY, 32),
    ("GOCSPX-", ANY, 28),
    ("glc_", ANY, 40),
)


@pytest.mark.parametrize(("prefix", "alphabet", "length"), PREFIXES)
def test_a_published_prefix_tells_a_token(prefix: str, alphabet: str, length: int) -> None:
    chosen = random.Random(prefix)
    token = prefix + "".join(chosen.choices(alphabet, k=length))
    for text in (token, f"no answer for {token} today", f"('{token}', 1)"):
        assert token[len(prefix) :] not in without_secrets(text)


class Login(NamedTuple):
    user: str
    password: str


class Text(str):
    """A subclass of str, as many libraries have one."""

    __slots__ = ()


BASIC = base64.b64encode(f"bob:{PASSWORD}".encode()).decode()
HELD: dict[str, tuple[Callable[[], object], str]] = {
    "a pair": (lambda: ("password", PASSWORD), PASSWORD),
    "a pair in a list": (lambda: [("user", "bob"), ("password", PASSWORD)], PASSWORD),
    "a named tuple": (lambda: Login("bob", PASSWORD), PASSWORD),
    "bytes": (lambda: {"password": PASSWORD.encode()}, PASSWORD),
    "a bytearray": (lambda: {"password": bytearray(PASSWORD.encode())}, PASSWORD),
    "user and password": (lambda: {"auth": ("bob", PASSWORD)}, PASSWORD),
    "arguments": (lambda: ["mysql", "--password", PASSWORD], PASSWORD),
    "raw headers": (lambda: [(b"authorization", b"Bearer " + PASSWORD.encode())], PASSWORD),
    "a set": (lambda: {"password": {PASSWORD}}, PASSWORD),
    "a deque": (lambda: {"password": collections.deque([PASSWORD])}, PASSWORD),
    "a subclass of str": (lambda: {"token": Text(PASSWORD)}, PASSWORD),
    "a namespace": (lambda: types.SimpleNamespace(password=PASSWORD), PASSWORD),
    "an environment": (lambda: {"STRIPE_KEY": LONG}, LONG),
    "a connection string": (
        lambda: {"connection_string": f"Server=h;Pwd={PASSWORD}"},
        PASSWORD,
    ),
    "a key file": (
        lambda: {"private_key": f"-----BEGIN PRIVATE KEY-----\n{LONG}\n-----END PRIVATE KEY-----"},
        LONG,
    ),
}


def _of_library(name: str, make: Callable[[Any], object], secret: str = PASSWORD) -> Any:
    return pytest.param(lambda: make(pytest.importorskip(name)), secret, id=name)


@pytest.mark.parametrize(
    ("make", "secret"),
    [
        *(pytest.param(*case, id=name) for name, case in HELD.items()),
        _of_library(
            "httpx", lambda lib: lib.Request("GET", "http://x", headers={"x-api-key": PASSWORD})
        ),
        _of_library("httpx", lambda lib: lib.BasicAuth("bob", PASSWORD), BASIC),
        _of_library("httpx", lambda lib: lib.URL(f"http://bob:{PASSWORD}@h/")),
        _of_library(
            "requests",
            lambda lib: lib.Request("GET", "http://x", auth=("bob", PASSWORD)).prepare(),
            BASIC,
        ),
        _of_library("requests", lambda lib: lib.auth.HTTPBasicAuth("bob", PASSWORD)),
        _of_library("yarl", lambda lib: lib.URL(f"http://bob:{PASSWORD}@h/")),
        _of_library("multidict", lambda lib: lib.CIMultiDict({"X-Api-Key": PASSWORD})),
        _of_library("pydantic", lambda lib: lib.SecretStr(PASSWORD)),
        _of_library("sqlalchemy", lambda lib: lib.engine.make_url(f"pg://bob:{PASSWORD}@h/db")),
        _of_library("botocore.credentials", lambda lib: lib.Credentials("AK", PASSWORD, "t")),
    ],
)
@pytest.mark.parametrize("protocol", [2, 4, 5])
def test_what_an_exception_holds_is_found_and_hidden(
    make: Callable[[], object], secret: str, protocol: int
) -> None:
    exc = ValueError("failed")
    exc.held = make()  # type: ignore[attr-defined]  # an attribute that is added
    described = record.describe(exc)
    scan = find_credentials(read(pickle.dumps(exc, protocol=protocol)), described, None)
    assert scan.credentials
    assert all(secret not in f"{one.path} {one.kind}" for one in scan.credentials)
    assert secret not in canonical(scan.mask.record(described))
    assert secret not in scan.mask.text(repr(vars(exc)))


@pytest.mark.parametrize(("make", "secret"), HELD.values(), ids=HELD)
def test_it_is_hidden_where_there_is_no_payload(make: Callable[[], object], secret: str) -> None:
    """An exception that cannot be pickled is shown all the same."""
    exc = ValueError("failed")
    exc.held = make()  # type: ignore[attr-defined]  # an attribute that is added
    described = record.describe(exc)
    assert secret in canonical(described), "the control"
    assert secret not in canonical(find_credentials(read(b""), described).mask.record(described))


@pytest.mark.parametrize(
    "held",
    [
        ("keyword", "token"),
        ("password", "username"),
        ("password", "This field is required."),
        ("user", "bob"),
        {"cache_key": "user:17:profile:v2"},
        {"tokens": ["def", "x1", "="]},
        {"prompt_tokens": 1203},
        {"PWD": "/home/bob"},
        {"auth": ("scheme",)},
        ["--verbose", "shop"],
        {"key": "a1b2c3"},
        {"signature": "(a, b=1)"},
    ],
    ids=str,
)
def test_what_only_sounds_like_a_secret_is_none(held: object) -> None:
    exc = ValueError(held)
    assert find_credentials(read(pickle.dumps(exc)), record.describe(exc), None).credentials == ()
