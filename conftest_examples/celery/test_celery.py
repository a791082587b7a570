"""What the plugin says of each error beforehand, and what ``AsyncResult.get()`` then gives, from
JSON and from pickles of a real worker."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass

import celery_app
import celery_errors
import celery_errors_before
import pytest
from celery import Celery

from pytest_portable_errors import check_round_trip

SERIALIZERS = {"json": "celery:imported", "pickle": "celery:pickle"}
"""What the plugin calls them, by the setting ``result_serializer``."""
WITHOUT_CHAIN = ("type", "message", "args", "attributes", "notes", "members")
"""Neither carries the chain. What the client needs of the cause is in ``Declined.reason``."""


@dataclass(frozen=True)
class Fate:
    """What a client gets."""

    arrives: str
    """The class, by its dotted name."""
    loses: frozenset[str] = frozenset()

    @classmethod
    def of(cls, arrives: str, *loses: str) -> Fate:
        return cls(arrives, frozenset(loses))


BASE = "celery_errors_before.ShopError"
WRAPPER = "celery.utils.serialization.UnpickleableExceptionWrapper"
FATES = [
    # Cannot be rebuilt: its nearest base class that can is stored instead, and that base is all
    # that the client sees.
    (
        celery_app.charge_before,
        {
            "json": Fate.of(BASE, "type", "attributes"),
            "pickle": Fate.of(BASE, "type", "attributes"),
        },
    ),
    # Has no such base. JSON delivers a wrapper, pickle a class that is made up on the spot: of that
    # name, and no except clause's.
    (
        celery_app.connect_before,
        {
            "json": Fate.of(WRAPPER, "type", "message", "args", "attributes"),
            "pickle": Fate.of("celery_errors_before.Unavailable", "type", "attributes"),
        },
    ),
    # Puts its message together once more: "not found: not found: bob".
    (
        celery_app.find_before,
        {
            "json": Fate.of("celery_errors_before.NotFound", "message", "args", "attributes"),
            "pickle": Fate.of("celery_errors_before.NotFound", "message", "args"),
        },
    ),
    # Has an attribute that was set afterwards.
    (celery_app.annotate_before, {"json": Fate.of(BASE, "attributes"), "pickle": Fate.of(BASE)}),
    # Has a cause.
    (celery_app.look_up_before, {"json": Fate.of(BASE, "chain"), "pickle": Fate.of(BASE, "chain")}),
    # With the fix.
    (
        celery_app.charge,
        {
            "json": Fate.of("celery_errors.Declined", "chain"),
            "pickle": Fate.of("celery_errors.Declined", "chain"),
        },
    ),
]


def raised_by(task: Callable[[], None]) -> Exception:
    try:
        task()
    except Exception as error:
        return error
    raise AssertionError(f"{task.__name__} raised nothing")


def delivered(app: Celery, task: Callable[[], None]) -> BaseException:
    """What the client gets for a task that the worker has run."""
    error = app.send_task(task.__name__).get(propagate=False, interval=0.01, timeout=120)
    assert isinstance(error, BaseException)
    return error


def fate_of(sent: BaseException, arrived: BaseException) -> Fate:
    """What differs, found without the plugin."""
    same = {
        "type": type(arrived) is type(sent),
        "message": str(arrived) == str(sent),
        "args": arrived.args == sent.args,
        "attributes": vars(arrived) == vars(sent),
        "chain": repr(arrived.__cause__) == repr(sent.__cause__),
    }
    return Fate.of(
        f"{type(arrived).__module__}.{type(arrived).__qualname__}",
        *(check for check, holds in same.items() if not holds),
    )


@pytest.mark.parametrize(("task", "fates"), FATES)
def test_the_plugin_says_what_celery_then_does(
    app: Celery, task: Callable[[], None], fates: dict[str, Fate]
) -> None:
    sent = raised_by(task)
    trip = check_round_trip(
        sent, serializer=SERIALIZERS[app.conf.result_serializer], receiver="with-project"
    )
    assert trip.received is not None
    said = Fate.of(trip.received["exceptions"][0]["type"], *(loss.kind for loss in trip.losses))
    assert said == fate_of(sent, delivered(app, task)) == fates[app.conf.result_serializer]


class TestTheFix:
    @pytest.mark.portable_exception(
        raises=celery_errors.Declined,
        receiver="with-project",
        serializers=("celery:imported", "celery:pickle"),
        checks=WITHOUT_CHAIN,
    )
    def test_is_portable(self) -> None:
        celery_app.charge()

    def test_the_client_catches_what_the_task_raised(self, app: Celery) -> None:
        with pytest.raises(celery_errors.Declined, match="order 7: no stock of 'A1'") as caught:
            app.send_task("charge").get(interval=0.01, timeout=120)
        assert (caught.value.order, caught.value.reason) == (7, "no stock of 'A1'")

    def test_the_control_without_it_the_clause_does_not_match(self, app: Celery) -> None:
        with pytest.raises(celery_errors_before.ShopError) as caught:
            app.send_task("charge_before").get(interval=0.01, timeout=120)
        assert not isinstance(caught.value, celery_errors_before.Declined)
        assert not hasattr(caught.value, "order")


class TestAClientWithoutTheProject:
    """Celery needs the class at the client, fix or no fix. The plugin's receiver
    ``without-project`` says so."""

    CLIENT = (
        "import sys\n"
        "from celery import Celery\n"
        "app = Celery(backend='cache+memory://', result_serializer=sys.argv[1], "
        "result_accept_content=[sys.argv[1]])\n"
        "app.backend.set(app.backend.get_key_for_task('7'), sys.stdin.buffer.read())\n"
        "try:\n"
        "    app.AsyncResult('7').get()\n"
        "except Exception as error:\n"
        "    print(type(error).__module__, type(error).__qualname__, sep='.', end=f': {error}')\n"
    )

    FROM_JSON = """celery.exceptions.Declined: (7, "no stock of 'A1'")"""  # made up, of that name
    FROM_PICKLE = "kombu.exceptions.DecodeError: No module named 'celery_errors'"

    def test_the_plugin_says_what_a_client_gets_that_has_not_imported_the_class(self) -> None:
        """Nor does it help to have the project installed: Celery imports nothing."""
        trip = check_round_trip(
            raised_by(celery_app.charge), serializer="celery", receiver="with-project"
        )
        assert trip.received is not None
        assert trip.received["exceptions"][0]["type"] == "celery.exceptions.Declined"

    def test_in_another_process_gets_something_else(self, app: Celery) -> None:
        result = app.send_task("charge")
        result.get(propagate=False, interval=0.01, timeout=120)
        stored = app.backend.get(app.backend.get_key_for_task(result.id))
        command = [sys.executable, "-I", "-c", self.CLIENT, app.conf.result_serializer]
        payload = stored if isinstance(stored, bytes) else str(stored).encode()
        done = subprocess.run(command, input=payload, capture_output=True, check=True)
        assert (
            done.stdout.decode()
            == {"json": self.FROM_JSON, "pickle": self.FROM_PICKLE}[app.conf.result_serializer]
        )

    def test_as_the_plugin_says(self) -> None:
        error = raised_by(celery_app.charge)
        from_json = check_round_trip(error, serializer="celery", receiver="without-project")
        assert [loss.received for loss in from_json.losses if loss.kind == "type"] == [
            "celery.exceptions.Declined"
        ]
        from_pickle = check_round_trip(
            error, serializer="celery:pickle", receiver="without-project"
        )
        assert [loss.received for loss in from_pickle.losses] == [f"nothing. {self.FROM_PICKLE}"]
