"""Causes of a payload that could not be rebuilt."""

from __future__ import annotations

import importlib
import sys
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import error_zoo as zoo
import pytest
import tblib.pickling_support
from diagnosis.trips import (
    Register,
    arrives_whole,
    cause_of,
    diagnosed,
    facts,
    place,
)

from pytest_portable_errors import Stage
from pytest_portable_errors.diagnosis.facts import LoadsFailure
from pytest_portable_errors.diagnosis.loads_failed import receiver_not_set_up
from pytest_portable_errors.diagnosis.pickle_machine import Call, Global
from pytest_portable_errors.receiver.check import error_record
from pytest_portable_errors.sender.process_receivers import share
from pytest_portable_errors.sender.project_context import ProjectContext
from pytest_portable_errors.sender.receivers import Receivers


class TestCrashesTheReceiver:
    @pytest.mark.parametrize(
        ("exc", "how"),
        [
            (zoo.Exits(), "the process exited with status 3 before it answered"),
            (zoo.Segfaults(), "ended by SIGSEGV"),
        ],
        ids=["exits", "segfaults"],
    )
    def test_fires_with_how_the_process_ended(self, exc: BaseException, how: str) -> None:
        found = diagnosed(exc)
        assert (found.cause, found.evidence) == ("crashes-the-receiver", (how,))

    def test_silent_where_the_sender_would_exit(self) -> None:
        assert cause_of(zoo.ReduceExits()) == "reduce-failed"


class TestHangsTheReceiver:
    def test_fires_with_the_limit_that_was_exceeded(self) -> None:
        found = diagnosed(zoo.Spins(), timeout=0.2)
        assert found.cause == "hangs-the-receiver"
        # The second where the machine is busy with something else.
        assert found.evidence in (
            ("it used more than 0.2 s of processor time",),
            ("no answer in 1.2 s",),
        )

    def test_silent_where_rebuilding_takes_a_while(self) -> None:
        assert arrives_whole(zoo.Dawdles("m"), timeout=1)


APP = """
import sys
class NotReady(RuntimeError): pass
if not hasattr(sys, "app_is_set_up"):
    raise {error}("Apps aren't loaded yet.")
class AppError(Exception): pass
"""


class TestReceiverNotSetUp:
    @pytest.fixture
    def app(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> Iterator[Callable[[str], Any]]:
        """A module that wants to be set up before it can be imported, as this process has done."""
        monkeypatch.setattr(sys, "app_is_set_up", True, raising=False)
        monkeypatch.syspath_prepend(tmp_path)

        def app(error: str) -> Any:
            (tmp_path / "app_of_causes.py").write_text(APP.format(error=error))
            (tmp_path / "app_setup_of_causes.py").write_text(
                "import sys\ndef setup(): sys.app_is_set_up = True\n"
            )
            importlib.invalidate_caches()
            return importlib.import_module("app_of_causes")

        yield app
        sys.modules.pop("app_of_causes", None)

    def test_fires_with_what_importing_the_module_raised(self, app: Callable[[str], Any]) -> None:
        found = diagnosed(app("RuntimeError").AppError("m"))
        assert found.cause == "receiver-not-set-up"
        assert found.evidence == ("app_of_causes.AppError", "builtins.RuntimeError")
        assert (
            "importing app_of_causes in the receiver raised RuntimeError: Apps aren't loaded yet."
            in found.why
        )
        assert "portable_errors_receiver_setup = module:callable" in found.why

    def test_fires_for_an_error_of_the_modules_own(self, app: Callable[[str], Any]) -> None:
        assert diagnosed(app("NotReady").AppError("m")).evidence[1] == "app_of_causes.NotReady"

    def test_django_s_own_set_up_is_named(self) -> None:
        made = Call(function=Global("shop.models", "Order"), args=(), by="reduce")
        halt = LoadsFailure(path="exc.order", opcode="REDUCE", subject=made)
        error = {
            **error_record(RuntimeError("Apps aren't loaded yet.")),
            "type": "django.core.exceptions.AppRegistryNotReady",
        }
        found = receiver_not_set_up(
            facts(ValueError("m"), stage=Stage.LOADS, error=error, failure=halt)
        )
        assert found is not None
        assert found.evidence == ("exc.order", "django.core.exceptions.AppRegistryNotReady")
        assert found.why.startswith("making exc.order again in the receiver raised ")
        assert found.why.endswith("\nportable_errors_receiver_setup = django:setup")

    def test_silent_where_the_receiver_is_set_up(
        self, app: Callable[[str], Any], tmp_path: Path
    ) -> None:
        module = app("RuntimeError")
        own = Receivers(
            ProjectContext(root=tmp_path, receiver_setup=("app_setup_of_causes:setup",))
        )
        before = share(own)
        try:
            assert arrives_whole(module.AppError("m"))
        finally:
            share(before)
            own.close()

    def test_fires_where_the_module_is_missing_and_would_not_be_set_up_either(
        self, app: Callable[[str], Any]
    ) -> None:
        found = diagnosed(app("RuntimeError").AppError("m"), receiver="without-project")
        assert found.cause == "receiver-not-set-up"
        assert found.evidence[-1] == "no module 'app_of_causes'"
        assert "\nhere the payload names the class app_of_causes.AppError" in found.why

    def test_a_module_that_raises_import_error_is_not_called_absent(
        self, app: Callable[[str], Any]
    ) -> None:
        found = diagnosed(app("ImportError").AppError("m"))
        assert "no module 'app_of_causes'" not in found.why


class TestReconstructorNotImportable:
    def test_fires_with_the_function_that_the_receiver_lacks(self, register: Register) -> None:
        register(zipfile.BadZipFile, zoo.reduce_by_rebuilding)
        found = diagnosed(zipfile.BadZipFile("m"), receiver="without-project")
        assert found.cause == "reconstructor-not-importable"
        assert found.evidence == ("error_zoo.rebuild_elsewhere", "no module 'error_zoo'", "exc")
        assert "the payload is rebuilt by error_zoo.rebuild_elsewhere()" in found.why

    def test_silent_where_the_receiver_has_it(self, register: Register) -> None:
        register(zipfile.BadZipFile, zoo.reduce_by_rebuilding)
        assert arrives_whole(zipfile.BadZipFile("m"))


class TestLinkCannotBeRebuilt:
    def test_fires_where_the_class_of_a_link_does_not_fit_its_args(self) -> None:
        found = diagnosed(zoo.chained(zoo.CarriesChain("a"), cause=zoo.PaymentError(7, "declined")))
        assert found.cause == "link-cannot-be-rebuilt"
        assert found.evidence == (
            "exc.__cause__",
            "error_zoo.PaymentError('order 7: declined')",
            "(order_id, reason)",
            place(zoo.PaymentError.__init__),
        )
        assert "the whole exception goes down with exc.__cause__" in found.why

    def test_fires_where_a_link_further_down_rejects_its_args(self) -> None:
        exc = zoo.chained(
            zoo.CarriesChain("a"), context=zoo.chained(zoo.CarriesChain("b"), cause=zoo.Picky(4))
        )
        found = diagnosed(exc)
        assert found.cause == "link-cannot-be-rebuilt"
        assert found.evidence == (
            "exc.__context__.__cause__",
            "error_zoo.Picky('code 4')",
            place(zoo.Picky.__init__),
        )

    def test_fires_where_a_link_refuses_its_state(self) -> None:
        found = diagnosed(zoo.chained(zoo.CarriesChain("a"), cause=zoo.Computed("b")))
        assert (found.cause, found.evidence[0]) == ("link-cannot-be-rebuilt", "exc.__cause__")
        assert found.evidence[-1].startswith("Computed.code is a property without setter")

    def test_fires_where_the_receiver_lacks_the_class_of_a_link(self, register: Register) -> None:
        register(zipfile.BadZipFile, zoo.reduce_with_cause)
        found = diagnosed(
            zoo.chained(zipfile.BadZipFile("m"), cause=zoo.Portable("a")),
            receiver="without-project",
        )
        assert found.cause == "link-cannot-be-rebuilt"
        assert found.evidence == ("error_zoo.Portable", "no module 'error_zoo'", "exc.__cause__")
        assert "the whole exception goes down with that link" in found.why

    def test_the_class_that_tblib_names_is_the_exception_s_and_no_value(
        self, register: Register
    ) -> None:
        register(zoo.Portable, tblib.pickling_support.pickle_exception)
        assert cause_of(zoo.Portable("m"), receiver="without-project") == "class-not-importable"

    def test_fires_for_a_link_that_tblib_carries(self, register: Register) -> None:
        register(zoo.Portable, tblib.pickling_support.pickle_exception)
        found = diagnosed(zoo.chained(zoo.Portable("a"), cause=zoo.Picky(4)))
        assert (found.cause, found.evidence[0]) == ("link-cannot-be-rebuilt", "exc.__cause__")

    def test_silent_where_the_links_can_be_rebuilt(self, register: Register) -> None:
        register(zipfile.BadZipFile, zoo.reduce_with_cause)
        assert arrives_whole(
            zoo.chained(zipfile.BadZipFile("m"), cause=KeyError("a")), receiver="without-project"
        )

    def test_silent_where_the_link_is_not_in_the_payload(self) -> None:
        assert (
            cause_of(zoo.chained(zoo.Portable("a"), cause=zoo.PaymentError(7, "declined")))
            == "chain-dropped"
        )

    def test_silent_where_the_exception_itself_fails_first(self, register: Register) -> None:
        register(zoo.Picky, zoo.reduce_with_cause)
        found = diagnosed(zoo.chained(zoo.Picky(4), cause=KeyError("a")))
        assert (found.cause, found.evidence[0]) == (
            "init-rejects-args",
            "error_zoo.Picky('code 4')",
        )


class TestLoadsFailed:
    def test_fires_with_what_was_raised(self) -> None:
        found = diagnosed(zoo.Revived("m"))
        assert (found.cause, found.evidence) == ("loads-failed", ("builtins.KeyError",))
        assert found.why == "rebuilding it by error_zoo._revive('m') raised KeyError: 'm'"

    def test_silent_where_a_constructor_is_what_raises(self) -> None:
        assert cause_of(zoo.Picky(4)) == "init-rejects-args"
