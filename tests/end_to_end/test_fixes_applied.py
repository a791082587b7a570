"""Every fix that is printed is done as it says, in a project of its own: the class is edited, or
the reducer is registered, and in new processes the trip arrives whole, with no help from the trial.
"""

from __future__ import annotations

import functools
import inspect
import json
import subprocess
import sys
import textwrap
from collections.abc import Callable, Collection
from pathlib import Path
from typing import Any

import error_zoo as zoo
import pytest
from in_matrix import rest_in_matrix

# Name of the case: the zoo's class, and how its instance is made in the project.
IN_CLASS = {
    "too few args": (zoo.PaymentError, "PaymentError(7, 'declined')"),
    "keyword only": (zoo.KeywordOnly, "KeywordOnly('m', request='r')"),
    "no parameters": (zoo.NoParameters, "NoParameters()"),
    "message rewritten": (zoo.NotFound, "NotFound('bob')"),
    "rejects its args": (zoo.Picky, "Picky(3)"),
    "state dropped": (zoo.DropsState, "noted(DropsState('a'), code=4)"),
    "slots": (zoo.Slotted, "noted(Slotted('a'), code=4)"),
    "C fields": (zoo.FilenameError, "FilenameError('f')"),
    "exits": (zoo.Exits, "Exits('a')"),
    "hangs": (zoo.Spins, "Spins('a')"),
    "no reduction": (zoo.ReducesToNonsense, "ReducesToNonsense('a')"),
    "reduce raises": (zoo.ReduceExits, "ReduceExits('a')"),
    "frozen": (zoo.FrozenData, "FrozenData(3, 'declined')"),
    "lock": (zoo.HoldsLock, "HoldsLock('a')"),
    "chained": (zoo.PaymentError, "chained(PaymentError(7, 'declined'), KeyError('bob'))"),
    "chained to what it cannot rebuild": (
        zoo.KeywordOnly,
        (
            "chained(KeywordOnly('m', request='r'), chained(KeywordOnly('n', request='s'), "
            "OSError(2, 'm', 'f')))"
        ),
    ),
    "caused implicitly": (zoo.NotFound, "chained(NotFound('bob'), context=KeyError('bob'))"),
    "a declared change of type": (zoo.BecomesRuntimeError, "BecomesRuntimeError('step', 3)"),
}
REGISTERED = {
    "its own reducer": ("json", "JSONDecodeError", "noted(JSONDecodeError('m', 'd', 0))"),
    "called by keyword": (
        "subprocess",
        "CalledProcessError",
        "CalledProcessError(returncode=1, cmd='false')",
    ),
    "httpx": (
        "httpx",
        "HTTPStatusError",
        "HTTPStatusError('m', request=REQUEST, response=httpx.Response(500, request=REQUEST))",
    ),
    "openai": (
        "openai",
        "RateLimitError",
        "RateLimitError('m', response=httpx.Response(429, request=REQUEST), body=None)",
    ),
    "litellm": (
        "litellm",
        "RateLimitError",
        "chained(RateLimitError('m', llm_provider='o', model='g'), openai_error())",
    ),
}
LARGE = ("openai", "litellm")
"""Those whose library takes seconds to import, in each process that tries a fix."""
HEAD = """
import contextlib, dataclasses, os, pickle, signal, threading, time
from typing import Any

def noted(exc, **attributes):
    exc.__notes__ = ["a note"]
    for name, value in attributes.items():
        setattr(exc, name, value)
    return exc

def chained(exc, cause=None, context=None):
    if context is not None:
        exc.__context__ = context
    if cause is not None:
        exc.__cause__ = cause
    return exc
"""
RUN = """
import json, sys
cases = json.load(sys.stdin)
if {registers}:
    import project.reducers
import httpx
from pytest_portable_errors import check_round_trip
from project.head import chained, noted
REQUEST = httpx.Request("POST", "https://api.example/v1", headers={{"Authorization": "Bearer sk-1234567890abcdef", "X-Trace": "t"}})
def openai_error():
    import openai
    return openai.RateLimitError("m", response=httpx.Response(429, request=REQUEST), body=None)
answers = {{}}
for name, (module, made) in cases.items():
    scope = {{**globals(), **vars(__import__(module, fromlist=["*"]))}}
    exc = eval(made, scope)
    trip = check_round_trip(exc, receiver="with-project", timeout=1)
    answers[name] = {{**trip.to_dict(), "text": str(trip)}}
json.dump(answers, open("answers.json", "w"))
"""


class Project:
    """A project in a folder, with a module for each of its cases."""

    def __init__(self, folder: Path, names: Collection[str]) -> None:
        self.folder = folder
        (folder / "project").mkdir(parents=True)
        (folder / "pyproject.toml").write_text('[project]\nname = "project"\n')
        (folder / "project" / "__init__.py").write_text("")
        (folder / "project" / "head.py").write_text(HEAD)
        self.cases: dict[str, tuple[str, str]] = {}
        for number, (name, (cls, made)) in enumerate(IN_CLASS.items()):
            if name not in names:
                continue
            self.cases[name] = (f"project.case_{number}", made)
            self.write(name, self.source(cls))
        self.cases.update(
            {
                name: (module, made)
                for name, (module, _, made) in REGISTERED.items()
                if name in names
            }
        )

    def source(self, cls: type) -> str:
        bases = [base for base in cls.__mro__[::-1] if base.__module__ == zoo.__name__]
        return HEAD + "\n\n".join(textwrap.dedent(inspect.getsource(base)) for base in bases)

    def write(self, name: str, source: str) -> None:
        (self.folder / f"{self.cases[name][0].replace('.', '/')}.py").write_text(source)

    def run(self, *, registers: bool) -> dict[str, Any]:
        done = subprocess.run(
            [sys.executable, "-c", RUN.format(registers=registers)],
            cwd=self.folder,
            input=json.dumps(self.cases),
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        answers: dict[str, Any] = json.loads((self.folder / "answers.json").read_text())
        return answers


ORDINARY = tuple(name for name in (*IN_CLASS, *REGISTERED) if name not in LARGE)
Trips = Callable[[str], tuple[dict[str, Any], dict[str, Any]]]


@pytest.fixture(scope="module")
def trips(tmp_path_factory: pytest.TempPathFactory) -> Trips:
    """By name of the case, its trip before the fix and the one after. Those that are large have a
    project of their own, which is run when one of them is asked for."""
    pytest.importorskip("httpx")

    @functools.cache
    def run(names: tuple[str, ...]) -> tuple[dict[str, Any], dict[str, Any]]:
        project = Project(tmp_path_factory.mktemp("fixes"), names)
        before = project.run(registers=False)
        registrations = []
        for name, answer in before.items():
            code = answer["fixes"][0]["code"]
            if name in REGISTERED:
                registrations.append(code)
                continue
            cls = IN_CLASS[name][0]
            project.write(
                name, f"{project.source(cls).rstrip()}\n\n{textwrap.indent(code, '    ')}"
            )
        (project.folder / "project" / "reducers.py").write_text("\n\n".join(registrations))
        return before, project.run(registers=True)

    def trips(name: str) -> tuple[dict[str, Any], dict[str, Any]]:
        if name in LARGE:
            pytest.importorskip("litellm")
        before, after = run(LARGE if name in LARGE else ORDINARY)
        return before[name], after[name]

    return trips


def each_of(*names: str) -> pytest.MarkDecorator:
    """Parametrize a test by name of the case; those that are large are the matrix's."""
    return pytest.mark.parametrize(
        "name", rest_in_matrix(names, here=lambda name: name not in LARGE)
    )


@each_of(*IN_CLASS, *REGISTERED)
def test_what_was_lost_arrives_with_the_fix(trips: Trips, name: str) -> None:
    before, after = trips(name)
    fix = before["fixes"][0]
    assert not before["arrived_whole"]
    assert fix["arrives_whole"], before["text"]
    lost = [
        loss["path"]
        for loss in after["losses"]
        if not loss["path"].startswith(tuple(fix["gives_up"]) or ("\0",))
    ]
    assert lost == [], after["text"]


@each_of(*sorted(set(IN_CLASS) - {"lock"}))
def test_only_what_cannot_travel_is_given_up(trips: Trips, name: str) -> None:
    before, after = trips(name)
    assert before["fixes"][0]["gives_up"] == []
    assert after["arrived_whole"]


@each_of("lock")
def test_what_cannot_be_pickled_is_given_up_and_nobody_asks_for_it_any_more(
    trips: Trips, name: str
) -> None:
    before, after = trips(name)
    fix = before["fixes"][0]
    assert (fix["gives_up"], fix["expect"]) == (["exc.client"], "")
    assert not any("portable_errors_expect" in limit for limit in fix["limits"])
    assert (before["arrived_whole"], after["arrived_whole"]) == (False, True)
    assert subject(before["sent"])["attributes"].keys() == {"client"}
    assert subject(after["received"])["attributes"]["client"]["type"] == "builtins.NoneType"
    assert [loss["path"] for loss in after["declared_lost"]] == ["exc.client"]


def subject(record: Any) -> dict[str, Any]:
    found: dict[str, Any] = record["exceptions"][0]
    return found


@each_of("httpx", "openai", "litellm")
def test_a_key_is_not_on_the_wire_any_more(trips: Trips, name: str) -> None:
    before, after = trips(name)
    assert after["credentials"] == []
    assert any("authorization" in path for path in before["fixes"][0]["gives_up"])
    assert "sk-1234567890abcdef" not in json.dumps(before)


@each_of("httpx", "openai")
def test_the_control_the_chain_with_the_key_would_have_put_it_there(
    trips: Trips, name: str
) -> None:
    before, _ = trips(name)
    # httpx keeps the request in an attribute of its own, openai in a public one
    request = "exc._request" if name == "httpx" else "exc.request"
    assert [credential["path"] for credential in before["credentials"]] == [
        f"{request}.headers['authorization']"
    ]
