"""Exceptions with a secret in them, and everything that could be written of them."""

from __future__ import annotations

import json
import pickle
import sys
from collections.abc import Iterator
from typing import Any, NamedTuple, TypeVar

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from pytest_portable_errors.diagnosis.credentials import CredentialScan, find_credentials
from pytest_portable_errors.diagnosis.findings import Diagnosis
from pytest_portable_errors.diagnosis.losses import compare
from pytest_portable_errors.diagnosis.pickle_machine import Call
from pytest_portable_errors.diagnosis.pickle_reader import read
from pytest_portable_errors.diagnosis.shown import headline, show
from pytest_portable_errors.diagnosis.wording import arguments
from pytest_portable_errors.receiver.record import describe

if sys.version_info < (3, 11):
    from exceptiongroup import ExceptionGroup


def shaped(alphabet: str, length: int, form: str) -> st.SearchStrategy[str]:
    """Keys of one form; all have a digit, as nearly all real ones do."""
    return st.text(st.sampled_from(alphabet), min_size=length, max_size=length + 20).map(
        lambda text: form.format(f"{text}7")
    )


LETTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
SHAPES = {
    "API key (sk-...)": st.one_of(
        *(
            shaped(LETTERS, 24, form)
            for form in ("sk-{}", "sk-proj-{}", "sk-ant-api03-{}", "sk-or-v1-{}")
        )
    ),
    "API key (sk_live_...)": shaped(LETTERS, 20, "sk_live_{}"),
    "GitHub token": st.one_of(
        shaped(LETTERS, 36, "ghp_{}"), shaped(LETTERS + "_", 40, "github_pat_{}")
    ),
    "GitLab token": shaped(LETTERS, 20, "glpat-{}"),
    "AWS access key": st.text(
        st.sampled_from("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"), min_size=16, max_size=16
    ).map("AKIA{}".format),
    "Google API key": shaped(LETTERS, 35, "AIza{}"),
    "Slack token": shaped(LETTERS, 24, "xoxb-{}"),
    "Hugging Face token": shaped(LETTERS, 34, "hf_{}"),
    "JWT": st.builds("eyJ{}.{}.{}".format, *(shaped(LETTERS + "_-", 20, "{}") for _ in range(3))),
    "private key": shaped(
        LETTERS + "+/\n", 200, "-----BEGIN RSA PRIVATE KEY-----\n{}\n-----END RSA PRIVATE KEY-----"
    ),
}
KEYS = st.one_of(*SHAPES.values())
"""Secrets by shape that are secret as a whole."""


class Planted(NamedTuple):
    """An exception with a value in it."""

    exc: BaseException
    path: str | None
    """Where the payload has it; None if plain pickle leaves it out."""


E = TypeVar("E", bound=BaseException)


def with_attribute(exc: E, name: str, value: object) -> E:
    exc.__dict__[name] = value
    return exc


def caused_by(exc: BaseException, cause: BaseException) -> BaseException:
    exc.__cause__ = cause
    return exc


def after(exc: BaseException, context: BaseException) -> BaseException:
    exc.__context__ = context
    return exc


class CarriesChain(Exception):
    """An error whose own ``__reduce__`` takes the cause along."""

    def __reduce__(self) -> Any:
        return type(self), self.args, {"__cause__": self.__cause__}


SLOW = settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
PURE = settings(
    max_examples=100,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)


def found_in(exc: BaseException) -> CredentialScan:
    return find_credentials(read(pickle.dumps(exc)), describe(exc))


def written(
    exc: BaseException, found: CredentialScan | None = None, *, payload: bytes | None = None
) -> str:
    """Everything that could be written of it: whole, changed, and of the call that makes it
    again."""
    sent = describe(exc)
    reading = read(pickle.dumps(exc) if payload is None else payload)
    other = describe(
        type(exc)("b", [KeyError("c")]) if isinstance(exc, ExceptionGroup) else type(exc)("b")
    )
    found = found or find_credentials(reading, sent, other)
    mask = found.mask
    losses = [
        mask.loss(loss)
        for one, two in ((sent, other), (other, sent))
        for loss in compare(one, two).losses
    ]
    root = reading.root
    called = arguments(root, mask) if isinstance(root, Call) else ""
    why = mask.diagnosis(
        Diagnosis(
            cause="c",
            why=headline(sent["exceptions"][0]),
            evidence=(show(sent["exceptions"][0]["message"]),),
        )
    )
    told: list[Any] = [
        mask.record(sent),
        [[loss.path, loss.sent, loss.received] for loss in losses],
        called,
        why.why,
        *why.evidence,
    ]
    told += [[credential.path, credential.kind] for credential in found.credentials]
    return json.dumps(told, ensure_ascii=False) + "\n".join(texts_of(told))


def texts_of(data: Any) -> Iterator[str]:
    if isinstance(data, str):
        yield data
    elif isinstance(data, (list, tuple)):
        for item in data:
            yield from texts_of(item)
    elif isinstance(data, dict):
        for key, item in data.items():
            yield from texts_of((key, item))


def forms(value: str | bytes) -> list[str]:
    if isinstance(value, bytes):
        return [repr(value)[2:-1], value.decode("latin-1")]
    return [value, repr(value)[1:-1], json.dumps(value)[1:-1]]


def assert_hidden(value: str | bytes, text: str, control: str) -> None:
    for form in forms(value):
        # A value such as "type" says nothing where it stands in every record.
        assert form in control or form not in text, f"{form!r} in {text}"
