"""A child of the fork server, a child of a branch and an interpreter of its own give the same
answers, byte for byte."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass

import error_zoo as zoo
import hostile_zoo
import pytest
from in_matrix import rest_in_matrix

from pytest_portable_errors.diagnosis.pickle_reader import read
from pytest_portable_errors.receiver import messages
from pytest_portable_errors.sender import client, started
from pytest_portable_errors.sender.outgoing import describe_and_pickle
from pytest_portable_errors.sender.project_context import ProjectContext
from pytest_portable_errors.sender.receivers import Receivers
from pytest_portable_errors.sender.registry import Serializers
from pytest_portable_errors.sender.request import Request
from pytest_portable_errors.sender.unpatched import UNPATCHED

ORDINARY: tuple[BaseException, ...] = (
    ValueError("a", 1),
    FileNotFoundError(2, "no such file", "x"),
    UnicodeDecodeError("utf-8", b"\xff", 0, 1, "bad"),
    zoo.chained(KeyError("outer"), cause=ValueError("inner")),
    ValueError({1, 2, 3}, {"a": (1.5, b"x", None)}),
    zoo.PaymentError(7, "declined"),
    zoo.NotFound("bob"),
    zoo.HoldsLock("a"),
    zoo.NoParameters(),
    zoo.Portable("a"),
    zoo.KeepsSlot("a"),
    zoo.Unprintable("m"),
    zoo.BecomesRuntimeError("a", 1),
    zoo.NotAnException("m"),
)
# an answer from a killed receiver is the sender's own
ATTACKS = [kind for kind in hostile_zoo.KINDS if "parent" not in kind.name]


@dataclass(frozen=True, kw_only=True)
class Ways:
    """Two receivers with the same imports, one of each kind."""

    forking: client.Receiver
    spawning: client.Receiver

    def replies(self, request: Request) -> dict[str, bytes]:
        """What each way of making the check answers."""
        head = request.head()
        asked = {
            "server": (self.forking, {**head, "modules": []}),
            "branch": (self.forking, head),
            "interpreter": (self.spawning, head),
        }
        replies = {}
        # one after the other, so that they do not take each other's processor time
        for way, (receiver, what) in asked.items():
            number = receiver.submit(what, request.payload)
            reply = receiver.result(number, seconds=120)
            assert reply is not None, way
            assert reply.pop("id") == number
            if reply["stage"] == "timed-out":
                # which of its two limits is met first is the machine's: processor time, or the
                # clock where it is loaded
                del reply["how"]
            replies[way] = messages.as_json(reply)
        return replies


@pytest.fixture(scope="module")
def ways(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ways]:
    root = tmp_path_factory.mktemp("root")
    imports = Receivers(ProjectContext(root=root)).project.imports("with-project")
    opened = []
    with pytest.MonkeyPatch.context() as patch:
        for how in ("fork", "spawn"):
            patch.setitem(UNPATCHED.environment, started.START_VARIABLE, how)
            own = started.Started(started.command_of(None, site=True), cwd=str(root))
            opened.append(client.Receiver("with-project", imports, own))
            opened[-1].greet()
    yield Ways(forking=opened[0], spawning=opened[1])
    for receiver in opened:
        receiver.close()


def requests(
    exc: BaseException, *, timeout: float, by: tuple[str, ...] = hostile_zoo.BOTH
) -> Iterator[Request]:
    for name in by:
        serializer = Serializers().find(name)
        payload = describe_and_pickle(exc, serializer=serializer).payload
        if payload is not None:
            yield Request(
                receiver="with-project",
                payload=payload,
                serializer=serializer,
                names=[(found.module, found.qualname) for found in read(payload).names],
                timeout=timeout,
                traceback=False,
            )


@pytest.mark.parametrize("exc", ORDINARY, ids=lambda exc: type(exc).__name__)
def test_ordinary_exceptions(ways: Ways, exc: BaseException) -> None:
    for request in requests(exc, timeout=10):
        replies = ways.replies(request)
        assert len(set(replies.values())) == 1, replies


@pytest.mark.parametrize(
    ("kind", "serializer"),
    rest_in_matrix(
        itertools.product(ATTACKS, hostile_zoo.BOTH),
        here=lambda each: not each[0].is_slow or (each[0].name, each[1]) == ("hang-in-c", "pickle"),
    ),
    ids=lambda value: getattr(value, "name", value),
)
def test_hostile_ones(ways: Ways, kind: hostile_zoo.Kind, serializer: str) -> None:
    for request in requests(kind.make(), timeout=kind.timeout, by=(serializer,)):
        replies = ways.replies(request)
        assert len(set(replies.values())) == 1, replies


def test_the_control_the_ways_differ(ways: Ways) -> None:
    """A payload that tells in which process it was made: child of the server, of a branch below it,
    of another program."""
    request = next(requests(hostile_zoo.TellsItsParent(), timeout=10))
    assert len(set(ways.replies(request).values())) == 3
