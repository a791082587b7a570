"""What is known to be absent need not travel, and is answered as the receiver itself would answer
it."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

import error_zoo as zoo
import httpx
import jinja2
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.errors import InvalidArgument, NoSuchExample

from pytest_portable_errors.diagnosis.pickle_reader import read
from pytest_portable_errors.receiver.described import Answer, ErrorRecord, Missing, Name
from pytest_portable_errors.sender.client import Receiver
from pytest_portable_errors.sender.known_missing import KnownMissing
from pytest_portable_errors.sender.project_context import ProjectContext
from pytest_portable_errors.sender.receivers import Receivers
from pytest_portable_errors.sender.request import Request
from pytest_portable_errors.sender.serializers import Pickle

PRESENT = {("builtins", "ValueError"), ("shop.errors", "Declined"), ("there", "Error")}
MODULES = (
    "builtins",
    "shop.errors",
    "shop",
    "there",
    "there.not",
    "gone",
    "gone.errors",
    "gonefor",
    "further.away",
)
NAMES = st.tuples(
    st.sampled_from(MODULES), st.sampled_from(("ValueError", "Declined", "Error", "Other"))
)


def receiver_says(names: list[Name]) -> Answer:
    """What ``receiver/check.py`` would, in a world of ``PRESENT`` names, where ``shop`` and
    ``there`` are packages."""
    missing: list[Missing] = []
    for module, qualname in names:
        if (module, qualname) not in PRESENT:
            top = module.partition(".")[0]
            is_known = module in {there for there, _ in PRESENT} | {"shop"}
            missing.append(
                (
                    module,
                    qualname,
                    None if is_known else module if top in ("shop", "there") else top,
                )
            )
    if not missing:
        return {"stage": "arrived"}
    absent = missing[0][2]
    error: ErrorRecord = {
        "type": "builtins.AttributeError" if absent is None else "builtins.ModuleNotFoundError",
        "module": absent,
    }
    return {"stage": "loads", "error": error, "missing": missing}


@given(st.lists(st.lists(NAMES, max_size=5, unique=True), max_size=8))
def test_what_is_known_is_what_the_receiver_would_say(payloads: list[list[Name]]) -> None:
    known_missing = KnownMissing()
    for names in payloads:
        known = known_missing.answer_to(names)
        assert known in (None, receiver_says(names))
        known_missing.learn(names, receiver_says(names))


def test_one_answer_tells_of_all_that_the_absent_package_has() -> None:
    known_missing = KnownMissing()
    known_missing.learn(
        [("gone.errors", "A"), ("builtins", "ValueError")],
        receiver_says([("gone.errors", "A"), ("builtins", "ValueError")]),
    )
    other = [("gone.other", "B"), ("gone", "C")]
    assert known_missing.answer_to(other) == receiver_says(other)
    assert known_missing.answer_to([("gonefor", "B")]) is None, "a name that only begins alike"
    assert known_missing.answer_to([("gone", "B"), ("builtins", "ValueError")]) is None, (
        "nobody has looked for the last name"
    )


def test_what_a_module_that_is_there_lacks_says_nothing_of_the_module() -> None:
    known_missing = KnownMissing()
    error: ErrorRecord = {"type": "builtins.ModuleNotFoundError", "module": "its_dependency"}
    known_missing.learn(
        [("shop", "A")],
        {"stage": "loads", "error": error, "missing": [("shop", "A", "its_dependency")]},
    )
    assert known_missing.answer_to([("shop", "A")]) is None
    assert known_missing.answer_to([("its_dependency", "A")]) is None


def test_an_error_of_the_class_s_own_is_not_that_of_the_import() -> None:
    known_missing = KnownMissing()
    missing: list[Missing] = [("gone", "A", "gone")]
    known_missing.learn(
        [("gone", "A")],
        {
            "stage": "loads",
            "error": {"type": "builtins.TypeError", "module": None},
            "missing": missing,
        },
    )
    assert known_missing.answer_to([("gone", "A")]) is None


def test_nothing_is_learned_from_a_payload_that_has_run() -> None:
    """Its code may have emptied ``sys.path``, and what one check does is not there for the next."""
    known_missing = KnownMissing()
    ran: ErrorRecord = {"type": "builtins.TypeError", "module": None}
    known_missing.learn(
        [("there", "Error"), ("hidden", "A")],
        {"stage": "loads", "error": ran, "missing": [("hidden", "A", "hidden")]},
    )
    names = [("gone", "A"), ("hidden", "A")]
    known_missing.learn(names[:1], receiver_says(names[:1]))
    assert known_missing.answer_to(names[:1]) == receiver_says(names[:1]), (
        "the control: this one has not run"
    )
    assert known_missing.answer_to(names) is None


SENT: tuple[BaseException, ...] = (
    zoo.PaymentError(7, "declined"),
    zoo.NotFound("bob"),
    ValueError("a"),
    zoo.chained(zoo.NotFound("bob"), cause=KeyError("x")),
    zoo.Portable("a"),
    httpx.ConnectError("refused"),
    httpx.DecodingError("bad"),
    InvalidArgument("a"),
    NoSuchExample("a"),
    jinja2.TemplateError("a"),
    jinja2.TemplateRuntimeError("a"),
)


def test_real_receivers_give_the_answers_that_are_given_without_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    travelled: list[int] = []
    submit = Receiver.submit

    def counted(*args: Any) -> int:
        travelled.append(1)
        return submit(*args)

    monkeypatch.setattr(Receiver, "submit", counted)

    def answer(receivers: Receivers, exc: BaseException) -> dict[str, Any]:
        payload = pickle.dumps(exc)
        names = [(name.module, name.qualname) for name in read(payload).names]
        request = Request(
            receiver="stdlib",
            payload=payload,
            serializer=Pickle(),
            names=names,
            timeout=10.0,
            traceback=False,
        )
        ticket = receivers.submit(request)
        found = ticket.answer()
        assert receivers.submit(request) is ticket, "fixes that were tried for it are kept there"
        return {key: found[key] for key in ("stage", "error", "missing", "record") if key in found}

    learning = Receivers(ProjectContext(root=tmp_path))
    try:
        learned = [answer(learning, exc) for exc in SENT]
        assert len(travelled) < len(SENT), "no more than one of each package"
        for exc, known in zip(SENT, learned, strict=True):
            fresh = Receivers(ProjectContext(root=tmp_path))
            try:
                assert answer(fresh, exc) == known
            finally:
                fresh.close()
        assert len(travelled) > len(SENT), "the control: those that know nothing have to send it"
    finally:
        learning.close()
