"""Tells by its name whether a value is a credential: ``password``, ``api_key``."""

from __future__ import annotations

import functools
import re

_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")
_NAMES = frozenset(
    (
        *(
            "authorization",
            "apikey",
            "token",
            "jwt",
            "secret",
            "secrets",
            "password",
            "passwords",
            "passwd",
            "pwd",
            "passphrase",
            "passcode",
            "passcodes",
            "bearer",
        ),
        *("cookie", "cookies", "credential", "credentials", "userinfo"),
    )
)
_PAIRS_OF_WORDS = frozenset(
    (
        *(
            "api key",
            "api keys",
            "access key",
            "secret key",
            "private key",
            "signing key",
            "auth key",
            "account key",
            "shared key",
            "subscription key",
            "functions key",
            "master key",
            "encryption key",
            "storage key",
            "license key",
        ),
        *("secret value", "pass word", "access signature"),
    )
)
# Endings of several words that are written as one: PGPASSWORD, authtoken. No word of prose ends so.
_ENDINGS = (
    "password",
    "passwd",
    "passphrase",
    "secret",
    "apikey",
    "secretkey",
    "accesskey",
    "privatekey",
    "authtoken",
    "accesstoken",
    "accountkey",
    "sharedaccesskey",
    "sharedaccesssignature",
)
# Last words of names whose value tells: a key may be a cache's, and tokens a parser's.
_MAYBE = frozenset(
    (
        *("key", "keys", "pass", "tokens", "signature", "sig", "dsn", "pat", "webhook"),
        *("assertion", "verifier", "session", "sid", "sessionid", "sessid"),
    )
)
_MAYBE_PAIRS = frozenset(
    (
        *("connection string", "conn string", "connection url", "database url"),
        *("session id", "key id", "key data", "pin code"),
    )
)
_MAYBE_ENDINGS = ("key", "pass", "pw", "token", "sessionid", "sessid", "keydata")
# Words before "token" where it is no credential, but a parser's, a tokenizer's or a page's.
_HARMLESS = frozenset(
    (
        *(
            "next",
            "previous",
            "prev",
            "page",
            "continuation",
            "cancel",
            "cancellation",
            "stop",
            "start",
            "eos",
            "bos",
            "pad",
            "unk",
        ),
        *(
            "mask",
            "sep",
            "cls",
            "end",
            "begin",
            "unexpected",
            "expected",
            "current",
            "last",
            "first",
            "max",
            "min",
            "per",
            "special",
        ),
    )
)


def is_secret_name(name: str) -> bool:
    """Whether a value of this name is a credential: ``x-api-key``, but not ``token_count``.

    Args:
        name: Of an attribute, key or header, in any spelling (``dbPassword``); its last words
            decide. One of more than 200 characters is no name.
    """
    return len(name) <= 200 and _is_secret_name(name)


@functools.lru_cache(maxsize=4096)
def _is_secret_name(name: str) -> bool:
    words = _words(name)
    if not words or name == "PWD":  # the shell's working directory
        return False
    if words[0] == "sec":  # Sec-WebSocket-Key is a number used once (RFC 6455, 11.3.1)
        return False
    if words[-1] == "token" and len(words) > 1 and words[-2] in _HARMLESS:
        return False
    return (
        words[-1] in _NAMES
        or words[-1].endswith(_ENDINGS)
        or " ".join(words[-2:]) in _PAIRS_OF_WORDS
    )


def may_name_secret(name: str) -> bool:
    """Whether a value of this name is a credential, or is one if it looks like one."""
    return is_secret_name(name) or may_be_secret_name(name)


def may_be_secret_name(name: str) -> bool:
    """Whether a value of this name is a credential if it looks like one: ``stripe_key``, ``dsn``.

    Args:
        name: As in ``is_secret_name``, of which this is False for all of its names.
    """
    return len(name) <= 200 and _may_be_secret_name(name)


@functools.lru_cache(maxsize=4096)
def _may_be_secret_name(name: str) -> bool:
    words = _words(name)
    is_maybe = (
        bool(words)
        and words[0] != "sec"
        and (
            words[-1] in _MAYBE
            or words[-1].endswith(_MAYBE_ENDINGS)
            or " ".join(words[-2:]) in _MAYBE_PAIRS
            or name == "PWD"
        )
    )
    return is_maybe and not _is_secret_name(name)


def kind_of(name: str) -> str:
    """How a finding calls a value of this name: its last four words, ``x_api_key``."""
    return "_".join(_words(name)[-4:])


def _words(name: str) -> list[str]:
    """The words of a name in small letters, without numbers at its end."""
    words = [word.lower() for word in _WORD.findall(name)]
    while words and words[-1].isdigit():  # password2
        words.pop()
    return words
