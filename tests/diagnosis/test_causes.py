"""Each cause fires where it should, with its evidence, and stays silent where a neighbour is to blame.

The class for a cause is named after it; ``test_fires...`` and ``test_silent...`` are real trips wherever there can be one.
"""

from __future__ import annotations

import ast
import copyreg
import importlib
import pickle
import sys
import threading
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from subprocess import CalledProcessError
from types import FunctionType, ModuleType
from typing import Any

import error_zoo as zoo
import pydantic
import pytest
import tblib.pickling_support  # type: ignore[import-untyped]

from pytest_portable_errors import RoundTrip, Stage, check_round_trip
from pytest_portable_errors.diagnosis import arrived_changed, causes, dumps_failed, loads_failed
from pytest_portable_errors.diagnosis.causes import diagnose
from pytest_portable_errors.diagnosis.facts import Elsewhere, Facts, Unpicklable
from pytest_portable_errors.diagnosis.findings import Diagnosis
from pytest_portable_errors.diagnosis.losses import Loss
from pytest_portable_errors.diagnosis.payload import read
from pytest_portable_errors.receiver.record import describe
from pytest_portable_errors.sender.project import Surroundings
from pytest_portable_errors.sender.receivers import Receivers, share

MODULES = (dumps_failed, loads_failed, arrived_changed)
needs_groups = pytest.mark.skipif(sys.version_info < (3, 11), reason="ExceptionGroup is 3.11")


def trip_of(exc: BaseException, **settings: Any) -> RoundTrip:
    return check_round_trip(exc, **{"receiver": "with-project", **settings})


def diagnosed(exc: BaseException, **settings: Any) -> Diagnosis:
    found = trip_of(exc, **settings).diagnosis
    assert found is not None
    return found


def cause_of(exc: BaseException, **settings: Any) -> str | None:
    """None where it arrives whole, and where nothing explains what was lost."""
    found = trip_of(exc, **settings).diagnosis
    return None if found is None else found.cause


def arrives_whole(exc: BaseException, **settings: Any) -> bool:
    return trip_of(exc, **settings).arrived_whole


def with_attributes(exc: BaseException, **attributes: object) -> BaseException:
    exc.__dict__.update(attributes)
    return exc


def group_of(*members: Exception) -> BaseException:
    return ExceptionGroup("several", members)  # noqa: F821  # 3.11


def place(function: object) -> str:
    """Where a function of the zoo stands, as a diagnosis writes it."""
    assert isinstance(function, FunctionType)
    return f"error_zoo.py:{function.__code__.co_firstlineno}"


def here(function: object) -> str:
    assert isinstance(function, FunctionType)
    return f"diagnosis/test_causes.py:{function.__code__.co_firstlineno}"


Register = Callable[[type, Callable[[Any], Any]], None]


@pytest.fixture
def register(monkeypatch: pytest.MonkeyPatch) -> Register:
    """Put a reducer in ``copyreg`` for as long as the test runs."""

    def register(cls: type, reducer: Callable[[Any], Any]) -> None:
        monkeypatch.setitem(copyreg.dispatch_table, cls, reducer)

    return register


class TestValueCannotBePickled:
    @pytest.mark.parametrize("serializer", ["pickle", "pickle:0", "cloudpickle"])
    def test_fires_with_the_path_and_the_type_of_the_value(self, serializer: str) -> None:
        found = diagnosed(zoo.HoldsLock("m"), serializer=serializer)
        assert found.cause == "value-cannot-be-pickled"
        assert found.evidence == ("exc.client['pool'][0]", "_thread.lock")
        assert found.why == "exc.client['pool'][0] (_thread.lock) cannot be pickled"

    def test_fires_for_a_value_of_what_a_reducer_of_its_own_gives(self) -> None:
        exc = zoo.chained(zoo.CarriesChain("a"), cause=with_attributes(KeyError("b"), lock=threading.Lock()))
        assert diagnosed(exc).evidence == ("exc.__cause__.lock", "_thread.lock")

    def test_fires_for_a_lambda(self) -> None:
        found = diagnosed(with_attributes(ValueError("m"), callback=zoo.Holder(lambda: None)))
        assert (found.cause, found.evidence) == ("value-cannot-be-pickled", ("exc.callback.held", "builtins.function"))

    def test_silent_where_the_reducer_leaves_the_value_out(self) -> None:
        assert cause_of(with_attributes(zoo.DropsState("m"), lock=threading.Lock())) == "reduce-drops-state"

    def test_silent_where_the_serializer_can_pickle_it(self) -> None:
        assert trip_of(zoo.HoldsLock("m"), serializer="dill").stage is Stage.ARRIVED

    def test_silent_where_the_class_itself_is_to_blame(self) -> None:
        class Local(zoo.HoldsLock):
            pass

        assert cause_of(Local("m")) == "class-not-importable"


class TestClassNotImportable:
    def test_fires_for_a_class_inside_a_function(self) -> None:
        class Local(Exception):
            pass

        found = diagnosed(Local("m"))
        assert found.cause == "class-not-importable"
        assert found.evidence == (f"{__name__}.{Local.__qualname__}",)
        assert "is defined inside a function" in found.why

    def test_fires_for_a_class_that_its_module_no_longer_holds(self, monkeypatch: pytest.MonkeyPatch) -> None:
        exc = zoo.Portable("m")
        monkeypatch.setattr(zoo, "Portable", zoo.Narrow)
        found = diagnosed(exc)
        assert (found.cause, found.evidence) == ("class-not-importable", ("error_zoo.Portable",))
        assert "under a name that its module does not hold" in found.why

    def test_fires_where_the_receiver_lacks_the_module(self) -> None:
        found = diagnosed(zoo.Portable("a"), receiver="without-project")
        assert found.cause == "class-not-importable"
        assert found.evidence == ("error_zoo.Portable", "no module 'error_zoo'", "exc")
        assert "arrives only where the project is installed (receiver with-project: it arrives)" in found.why

    def test_fires_where_the_receivers_module_lacks_the_class(self, monkeypatch: pytest.MonkeyPatch) -> None:
        added = type("Added", (Exception,), {"__module__": "error_zoo"})
        monkeypatch.setattr(zoo, "Added", added, raising=False)
        assert diagnosed(added("m")).evidence == ("error_zoo.Added", "no 'Added' in error_zoo", "exc")

    def test_fires_for_a_class_of_a_test_module_in_every_receiver(self) -> None:
        found = diagnosed(OfATest("m"))
        assert found.cause == "class-not-importable"
        assert found.evidence[0] == f"{__name__}.OfATest"
        assert "it is defined in a test module, which no receiver has" in found.why

    def test_silent_where_the_class_is_sent_by_value(self) -> None:
        class Local(Exception):
            pass

        assert cause_of(Local("m"), serializer="cloudpickle") == "class-sent-by-value"

    def test_silent_where_the_class_is_there_and_its_reconstructor_is_not(self, register: Register) -> None:
        register(zipfile.BadZipFile, zoo.reduce_by_rebuilding)
        assert cause_of(zipfile.BadZipFile("m"), receiver="without-project") == "reconstructor-not-importable"

    def test_silent_where_the_class_would_not_arrive_anywhere(self) -> None:
        found = diagnosed(zoo.PaymentError(7, "declined"), receiver="without-project")
        assert found.cause == "init-does-not-fit-args"
        assert "broken everywhere: here the payload names the class error_zoo.PaymentError" in found.why
        assert found.evidence[-1] == "no module 'error_zoo'"


class OfATest(Exception):
    pass


class TestReduceFailed:
    def test_fires_with_the_place_of_a_method_that_gives_nonsense(self) -> None:
        found = diagnosed(zoo.ReducesToNonsense("m"))
        assert found.cause == "reduce-failed"
        assert found.evidence == ("ReducesToNonsense.__reduce__", place(zoo.ReducesToNonsense.__reduce__))

    def test_fires_for_one_that_exits(self) -> None:
        assert diagnosed(zoo.ReduceExits()).evidence == ("ReduceExits.__reduce__", place(zoo.ReduceExits.__reduce__))

    def test_fires_for_one_in_copyreg(self, register: Register) -> None:
        register(zoo.Portable, zoo.reduce_never)
        found = diagnosed(zoo.Portable("m"))
        assert (found.cause, found.evidence) == ("reduce-failed", ("reduce_never", place(zoo.reduce_never)))
        assert "raised LookupError: no reduction" in found.why

    def test_silent_where_what_it_gives_holds_a_value_that_refuses(self, register: Register) -> None:
        register(zoo.HoldsLock, lambda exc: (zoo.HoldsLock, exc.args, exc.__dict__))
        assert cause_of(zoo.HoldsLock("m")) == "value-cannot-be-pickled"


class OwnSerializer:
    """Whose dumps does what it is told to."""

    name = "own"
    needs: tuple[str, ...] = ()
    loader = "pickle:loads"

    def __init__(self, error: Exception | None = None) -> None:
        self.error = error

    def dumps(self, exc: BaseException, /) -> bytes:
        if self.error is not None:
            raise self.error
        return pickle.dumps(exc)


class TestDumpsFailed:
    def test_fires_where_the_exception_is_not_to_blame(self) -> None:
        found = diagnosed(zoo.Portable("m"), serializer=OwnSerializer(OSError(28, "full")))
        assert (found.cause, found.evidence) == ("dumps-failed", ("builtins.OSError",))
        assert found.why == "pickling it raised OSError: [Errno 28] full"

    def test_silent_where_nothing_fails(self) -> None:
        assert arrives_whole(zoo.Portable("m"), serializer=OwnSerializer())

    def test_silent_where_a_value_refuses_that_serializer_too(self) -> None:
        assert cause_of(zoo.HoldsLock("m"), serializer=OwnSerializer()) == "value-cannot-be-pickled"


class TestCrashesTheReceiver:
    @pytest.mark.parametrize(
        ("exc", "how"),
        [(zoo.Exits(), "the process exited with status 3 before it answered"), (zoo.Segfaults(), "ended by SIGSEGV")],
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
        assert found.evidence in (("it used more than 0.2 s of processor time",), ("no answer in 1.2 s",))

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
    def app(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], Any]]:
        """A module that wants to be set up before it can be imported, as this process has done."""
        monkeypatch.setattr(sys, "app_is_set_up", True, raising=False)
        monkeypatch.syspath_prepend(tmp_path)

        def app(error: str) -> Any:
            (tmp_path / "app_of_causes.py").write_text(APP.format(error=error))
            (tmp_path / "app_setup_of_causes.py").write_text("import sys\ndef setup(): sys.app_is_set_up = True\n")
            importlib.invalidate_caches()
            return importlib.import_module("app_of_causes")

        yield app
        sys.modules.pop("app_of_causes", None)

    def test_fires_with_what_importing_the_module_raised(self, app: Callable[[str], Any]) -> None:
        found = diagnosed(app("RuntimeError").AppError("m"))
        assert found.cause == "receiver-not-set-up"
        assert found.evidence == ("app_of_causes.AppError", "builtins.RuntimeError")
        assert "importing app_of_causes in the receiver raised RuntimeError: Apps aren't loaded yet." in found.why
        assert "portable_errors_receiver_setup = module:callable" in found.why

    def test_fires_for_an_error_of_the_modules_own(self, app: Callable[[str], Any]) -> None:
        assert diagnosed(app("NotReady").AppError("m")).evidence[1] == "app_of_causes.NotReady"

    def test_silent_where_the_receiver_is_set_up(self, app: Callable[[str], Any], tmp_path: Path) -> None:
        module = app("RuntimeError")
        own = Receivers(Surroundings(root=tmp_path, receiver_setup=("app_setup_of_causes:setup",)))
        before = share(own)
        try:
            assert arrives_whole(module.AppError("m"))
        finally:
            share(before)
            own.close()

    def test_fires_where_the_module_is_missing_and_would_not_be_set_up_either(self, app: Callable[[str], Any]) -> None:
        found = diagnosed(app("RuntimeError").AppError("m"), receiver="without-project")
        assert found.cause == "receiver-not-set-up"
        assert found.evidence[-1] == "no module 'app_of_causes'"
        assert "broken everywhere: here the payload names the class app_of_causes.AppError" in found.why

    def test_a_module_that_raises_import_error_is_not_called_absent(self, app: Callable[[str], Any]) -> None:
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
        exc = zoo.chained(zoo.CarriesChain("a"), context=zoo.chained(zoo.CarriesChain("b"), cause=zoo.Picky(4)))
        found = diagnosed(exc)
        assert found.cause == "link-cannot-be-rebuilt"
        assert found.evidence == ("exc.__context__.__cause__", "error_zoo.Picky('code 4')", place(zoo.Picky.__init__))

    def test_fires_where_a_link_refuses_its_state(self) -> None:
        found = diagnosed(zoo.chained(zoo.CarriesChain("a"), cause=zoo.Computed("b")))
        assert (found.cause, found.evidence[0]) == ("link-cannot-be-rebuilt", "exc.__cause__")
        assert found.evidence[-1].startswith("Computed.code is a property without setter")

    def test_fires_where_the_receiver_lacks_the_class_of_a_link(self, register: Register) -> None:
        register(zipfile.BadZipFile, zoo.reduce_with_cause)
        found = diagnosed(zoo.chained(zipfile.BadZipFile("m"), cause=zoo.Portable("a")), receiver="without-project")
        assert found.cause == "link-cannot-be-rebuilt"
        assert found.evidence == ("error_zoo.Portable", "no module 'error_zoo'", "exc.__cause__")

    def test_fires_for_a_link_that_tblib_carries(self, register: Register) -> None:
        register(zoo.Portable, tblib.pickling_support.pickle_exception)
        found = diagnosed(zoo.chained(zoo.Portable("a"), cause=zoo.Picky(4)))
        assert (found.cause, found.evidence[0]) == ("link-cannot-be-rebuilt", "exc.__cause__")

    def test_silent_where_the_links_can_be_rebuilt(self, register: Register) -> None:
        register(zipfile.BadZipFile, zoo.reduce_with_cause)
        assert arrives_whole(zoo.chained(zipfile.BadZipFile("m"), cause=KeyError("a")), receiver="without-project")

    def test_silent_where_the_link_is_not_in_the_payload(self) -> None:
        assert cause_of(zoo.chained(zoo.Portable("a"), cause=zoo.PaymentError(7, "declined"))) == "chain-dropped"

    def test_silent_where_the_exception_itself_fails_first(self, register: Register) -> None:
        register(zoo.Picky, zoo.reduce_with_cause)
        found = diagnosed(zoo.chained(zoo.Picky(4), cause=KeyError("a")))
        assert (found.cause, found.evidence[0]) == ("init-rejects-args", "error_zoo.Picky('code 4')")


class TestInitDoesNotFitArgs:
    @pytest.mark.parametrize(
        ("exc", "call", "signature"),
        [
            (zoo.PaymentError(7, "declined"), "error_zoo.PaymentError('order 7: declined')", "(order_id, reason)"),
            (zoo.Narrow("a"), "error_zoo.Narrow('a', 'is narrow')", "(name)"),
            (zoo.KeywordOnly("m", request="r"), "error_zoo.KeywordOnly('m')", "(message, *, request)"),
        ],
        ids=["too few", "too many", "keyword-only"],
    )
    def test_fires_with_call_signature_and_place(self, exc: BaseException, call: str, signature: str) -> None:
        found = diagnosed(exc)
        assert found.cause == "init-does-not-fit-args"
        assert found.evidence == (call, signature, place(type(exc).__init__))

    def test_fires_for_the_standard_library(self) -> None:
        found = diagnosed(CalledProcessError(returncode=1, cmd="x"), receiver="stdlib")
        assert found.evidence[:2] == ("subprocess.CalledProcessError()", "(returncode, cmd, output=None, stderr=None)")
        assert found.evidence[2].startswith("subprocess.py:")

    def test_fires_under_every_protocol(self) -> None:
        expected = diagnosed(zoo.PaymentError(7, "declined"))
        for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
            found = diagnosed(zoo.PaymentError(7, "declined"), serializer=f"pickle:{protocol}")
            assert (found.cause, found.evidence) == (expected.cause, expected.evidence)

    @needs_groups
    def test_fires_with_the_path_of_a_member(self) -> None:
        found = diagnosed(group_of(KeyError("a"), zoo.PaymentError(7, "declined")))
        assert found.cause == "init-does-not-fit-args"
        assert "the class with exc.exceptions[1].args" in found.why

    def test_fires_with_the_path_of_a_value(self) -> None:
        found = diagnosed(with_attributes(ValueError("m"), zones=[zoo.Zone("UTC")]))
        assert found.evidence[:2] == ("error_zoo.Zone()", "(name)")
        assert "exc.zones[0]" in found.why

    def test_silent_where_args_fit(self) -> None:
        assert arrives_whole(zoo.Portable("a", 3))

    def test_silent_where_a_reducer_gives_the_right_ones(self, register: Register) -> None:
        register(zoo.PaymentError, zoo.reduce_payment)
        assert arrives_whole(zoo.PaymentError(7, "declined"))

    def test_silent_where_args_fit_and_are_rejected(self) -> None:
        assert cause_of(zoo.Picky(4)) == "init-rejects-args"


class TestInitTakesNoArguments:
    def test_fires_with_the_message_that_it_is_called_with(self) -> None:
        found = diagnosed(zoo.NoParameters())
        assert found.cause == "init-takes-no-arguments"
        assert found.evidence == ("error_zoo.NoParameters('A test tried to use the network.')", "()", place(zoo.NoParameters.__init__))

    def test_silent_where_args_are_empty(self) -> None:
        exc = zoo.NoParameters()
        exc.args = ()
        assert cause_of(exc) == "init-rewrites-message"


class TestStateCannotBeRestored:
    @pytest.mark.parametrize(
        ("exc", "error", "owner", "function"),
        [
            (zoo.Computed("m"), "AttributeError", "Computed.code is a property without setter", vars(zoo.Computed)["code"].fget),
            (zoo.Frozen("m"), "TypeError", "Frozen.__setattr__", zoo.Frozen.__setattr__),
            (zoo.RefusesState("m"), "KeyError", "RefusesState.__setstate__", zoo.RefusesState.__setstate__),
        ],
        ids=["property", "frozen", "setstate"],
    )
    def test_fires_with_the_owner_of_what_refuses(self, exc: BaseException, error: str, owner: str, function: object) -> None:
        found = diagnosed(exc)
        assert found.cause == "state-cannot-be-restored"
        assert found.evidence == ("exc", f"builtins.{error}", f"{owner}    {place(function)}")

    @needs_groups
    def test_fires_with_the_path_of_a_member(self) -> None:
        found = diagnosed(group_of(KeyError("a"), zoo.Computed("m")))
        assert (found.cause, found.evidence[0]) == ("state-cannot-be-restored", "exc.exceptions[1]")

    def test_silent_where_there_is_no_state(self) -> None:
        exc = zoo.Computed("m")
        exc.__dict__.clear()
        assert trip_of(exc).stage is Stage.ARRIVED

    def test_silent_where_the_call_before_it_fails(self, register: Register) -> None:
        register(zoo.Computed, lambda exc: (zoo.Computed, (), exc.__dict__))
        assert cause_of(zoo.Computed("m")) == "init-does-not-fit-args"


class TestInitRejectsArgs:
    def test_fires_with_the_call_and_the_place(self) -> None:
        found = diagnosed(zoo.Picky(4))
        assert found.cause == "init-rejects-args"
        assert found.evidence == ("error_zoo.Picky('code 4')", place(zoo.Picky.__init__))
        assert "raises ValueError: not a code: code 4" in found.why
        assert "likely" not in found.why, "a second run has seen it"

    def test_silent_where_it_accepts_them(self) -> None:
        exc = zoo.Picky(4)
        exc.args = (4,)
        assert cause_of(exc) == "init-rewrites-message"

    def test_silent_where_one_of_its_values_fails(self) -> None:
        assert cause_of(with_attributes(zoo.NotFound("m"), tag=zoo.Tag("a", "b"))) == "value-cannot-be-loaded"


class TestValueCannotBeLoaded:
    @pytest.mark.parametrize(
        ("exc", "path"),
        [
            (with_attributes(ValueError("m"), tag=zoo.Tag("a", "b")), "exc.tag"),
            (with_attributes(ValueError("m"), client=zoo.Holder(tags=[{"a": zoo.Tag("a", "b")}])), "exc.client.tags[0]['a']"),
            (ValueError("m", zoo.Tag("a", "b")), "exc.args[1]"),
            (with_attributes(ValueError("m"), __notes__=["a note", zoo.Tag("a", "b")]), "exc.__notes__[1]"),
        ],
        ids=["attribute", "nested", "args", "note"],
    )
    @pytest.mark.parametrize("serializer", ["pickle", "pickle:2", "cloudpickle", "dill"])
    def test_fires_with_the_path_and_what_makes_the_value(self, exc: BaseException, path: str, serializer: str) -> None:
        trip = trip_of(exc, serializer=serializer)
        assert trip.diagnosis is not None
        assert trip.diagnosis.cause == "value-cannot-be-loaded"
        assert trip.diagnosis.evidence == (path, "error_zoo.Tag", "builtins.TypeError")
        assert trip.stopped_at == path

    @needs_groups
    def test_fires_with_the_path_of_a_members_value(self) -> None:
        exc = group_of(KeyError("a"), with_attributes(ValueError("m"), tag=zoo.Tag("a", "b")))  # type: ignore[arg-type]  # an Exception
        assert diagnosed(exc).evidence[0] == "exc.exceptions[1].tag"

    def test_fires_where_the_receiver_lacks_the_class_of_a_value(self) -> None:
        found = diagnosed(with_attributes(ValueError("m"), client=[zoo.Holder()]), receiver="without-project")
        assert found.cause == "value-cannot-be-loaded"
        assert found.evidence == ("error_zoo.Holder", "no module 'error_zoo'", "exc.client[0]")

    def test_silent_where_the_value_can_be_made_again(self) -> None:
        assert arrives_whole(with_attributes(ValueError("m"), client=zoo.Holder(tags=["a:b"])))

    def test_silent_where_the_value_is_a_links(self) -> None:
        exc = zoo.chained(zoo.CarriesChain("a"), cause=with_attributes(KeyError("b"), tag=zoo.Tag("a", "b")))
        found = diagnosed(exc)
        assert (found.cause, found.evidence[0]) == ("link-cannot-be-rebuilt", "exc.__cause__.tag")


class TestLoadsFailed:
    def test_fires_with_what_was_raised(self) -> None:
        found = diagnosed(zoo.Revived("m"))
        assert (found.cause, found.evidence) == ("loads-failed", ("builtins.KeyError",))
        assert found.why == "rebuilding it by error_zoo._revive('m') raised KeyError: 'm'"

    def test_silent_where_a_constructor_is_what_raises(self) -> None:
        assert cause_of(zoo.Picky(4)) == "init-rejects-args"


def reduce_payment_for_tests(exc: zoo.PaymentError) -> tuple[Any, ...]:
    return zoo.PaymentError, (exc.order_id, exc.reason), exc.__dict__


class TestTravelsOnlyInTests:
    def test_fires_for_a_reducer_that_a_test_module_has_put_in_copyreg(self, register: Register) -> None:
        register(zoo.PaymentError, reduce_payment_for_tests)
        trip = trip_of(zoo.PaymentError(7, "declined"))
        assert trip.stage is Stage.ARRIVED
        assert trip.diagnosis is not None
        assert trip.diagnosis.cause == "travels-only-in-tests"
        assert trip.diagnosis.evidence == ("reduce_payment_for_tests", __name__, here(reduce_payment_for_tests))
        assert "registered in copyreg by" in trip.diagnosis.why

    @pytest.mark.parametrize("name", ["__reduce__", "__reduce_ex__"])
    def test_fires_for_a_method_that_a_test_module_has_put_in_place(self, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
        def patched(self: zoo.PaymentError, *_: object) -> tuple[Any, ...]:
            return reduce_payment_for_tests(self)

        monkeypatch.setattr(zoo.PaymentError, name, patched)
        found = diagnosed(zoo.PaymentError(7, "declined"))
        assert found.cause == "travels-only-in-tests"
        assert found.evidence == (patched.__qualname__, __name__, here(patched))
        assert f"put in place of error_zoo.PaymentError.{name}" in found.why

    def test_silent_where_the_reducer_is_the_packages(self, register: Register) -> None:
        register(zoo.PaymentError, zoo.reduce_payment)
        assert arrives_whole(zoo.PaymentError(7, "declined"))

    def test_silent_where_the_method_is_the_classes(self) -> None:
        assert arrives_whole(zoo.Dawdles("m"))

    def test_silent_where_the_reducer_of_the_tests_loses_something(self, register: Register) -> None:
        register(zoo.Portable, lambda exc: (zoo.Portable, exc.args))
        assert cause_of(with_attributes(zoo.Portable("a"), code=3)) == "registered-reducer-loses"


def python_drops_the_name_of_a_name_error() -> bool:
    again: NameError = pickle.loads(pickle.dumps(NameError("m", name="n")))
    return again.name is None


class TestDroppedByPython:
    @pytest.mark.skipif(not python_drops_the_name_of_a_name_error(), reason="this Python carries NameError.name")
    def test_fires_with_the_built_in_class_and_the_field(self) -> None:
        found = diagnosed(NameError("name 'x' is not defined", name="x"))
        assert (found.cause, found.evidence) == ("dropped-by-python", ("NameError", "name"))

    @pytest.mark.skipif(not python_drops_the_name_of_a_name_error(), reason="this Python carries NameError.name")
    def test_silent_where_something_else_is_lost_too(self) -> None:
        exc = zoo.chained(NameError("name 'x' is not defined", name="x"), cause=KeyError("a"))
        assert cause_of(exc) == "chain-dropped"

    @pytest.mark.skipif(sys.version_info >= (3, 12), reason="AttributeError.name is carried since 3.12")
    def test_fires_for_the_name_of_an_attribute_error(self) -> None:
        assert diagnosed(AttributeError("m", name="n")).evidence == ("AttributeError", "name")

    @pytest.mark.skipif(sys.version_info < (3, 12), reason="AttributeError.name is carried since 3.12")
    def test_silent_for_the_name_of_an_attribute_error(self) -> None:
        assert arrives_whole(AttributeError("m", name="n"))

    def test_silent_where_python_carries_the_field(self) -> None:
        assert arrives_whole(ImportError("m", name="n", path="p"))


class TestRenamedByProtocol:
    @pytest.mark.parametrize("protocol", [0, 1, 2])
    def test_fires_with_both_names(self, protocol: int) -> None:
        found = diagnosed(ModuleNotFoundError("No module named 'x'", name="x"), serializer=f"pickle:{protocol}")
        assert (found.cause, found.evidence) == ("renamed-by-protocol", ("ModuleNotFoundError", "exceptions.ImportError"))

    def test_silent_from_protocol_3_on(self) -> None:
        for protocol in range(3, pickle.HIGHEST_PROTOCOL + 1):
            assert arrives_whole(ModuleNotFoundError("m", name="x"), serializer=f"pickle:{protocol}")

    def test_silent_for_a_class_that_python_2_had(self) -> None:
        assert arrives_whole(ImportError("m", name="x"), serializer="pickle:2")


class TestClassSentByValue:
    @pytest.mark.parametrize("serializer", ["cloudpickle", "dill"])
    def test_fires_with_the_class(self, serializer: str) -> None:
        class Local(Exception):
            pass

        found = diagnosed(Local("m"), serializer=serializer)
        assert (found.cause, found.evidence) == ("class-sent-by-value", (f"{__name__}.{Local.__qualname__}",))

    def test_silent_for_a_class_that_can_be_imported(self) -> None:
        assert arrives_whole(zoo.Portable("m"), serializer="cloudpickle")

    def test_silent_where_the_class_is_not_in_the_payload_at_all(self) -> None:
        assert cause_of(zoo.BecomesValueError("m")) == "reduce-changes-type"


class TestSlotsNotCarried:
    def test_fires_with_the_slot_and_its_class(self) -> None:
        exc = zoo.Slotted("m")
        exc.code = 3
        found = diagnosed(exc)
        assert (found.cause, found.evidence) == ("slots-not-carried", ("error_zoo.Slotted.__slots__", "code"))

    def test_silent_where_the_slot_is_empty(self) -> None:
        assert arrives_whole(zoo.Slotted("m"))

    def test_silent_where_a_reducer_carries_it(self) -> None:
        exc = zoo.KeepsSlot("m")
        exc.code = 3
        assert arrives_whole(exc)


class TestRegisteredReducerLoses:
    def test_fires_with_the_reducer_its_module_and_its_place(self, register: Register) -> None:
        register(zoo.Portable, zoo.reduce_to_message)
        found = diagnosed(with_attributes(zoo.Portable("m"), code=3))
        assert found.cause == "registered-reducer-loses"
        assert found.evidence == ("reduce_to_message", "error_zoo", place(zoo.reduce_to_message))
        assert "leaves out or changes exc.code" in found.why

    def test_silent_where_it_loses_the_chain_alone(self, register: Register) -> None:
        register(zoo.Portable, zoo.reduce_to_message)
        found = diagnosed(zoo.chained(zoo.Portable("m"), cause=KeyError("a")))
        assert (found.cause, found.evidence) == ("chain-dropped", ("reduce_to_message, which copyreg has for it,", "exc.__cause__"))

    def test_silent_where_another_class_has_it(self, register: Register) -> None:
        register(zoo.NotFound, zoo.reduce_to_message)
        assert arrives_whole(with_attributes(zoo.Portable("m"), code=3))


class TestValueChanges:
    def test_fires_with_the_value_and_what_it_is_made_by(self) -> None:
        found = diagnosed(with_attributes(zoo.Portable("bob"), detail={"error": [zoo.NotFound("bob")]}))
        assert found.cause == "value-changes"
        assert found.evidence == ("exc.detail['error'][0]", "error_zoo.NotFound")

    def test_fires_for_an_exception_among_the_arguments(self) -> None:
        found = diagnosed(ValueError(zoo.NotFound("bob")))
        assert found.cause == "value-changes"
        assert found.evidence == ("exc.args[0]", "error_zoo.NotFound")

    def test_silent_where_the_exception_itself_changes_plain_data(self) -> None:
        assert cause_of(zoo.NotFound("bob")) == "init-rewrites-message"

    def test_silent_where_the_value_comes_back(self) -> None:
        assert arrives_whole(ValueError(KeyError("bob")))


class TestInitRewritesMessage:
    def test_fires_with_the_call_and_the_place(self) -> None:
        found = diagnosed(zoo.NotFound("bob"))
        assert found.cause == "init-rewrites-message"
        assert found.evidence == ("error_zoo.NotFound('not found: bob')", place(zoo.NotFound.__init__))
        assert "__init__(name) builds its message a second time" in found.why

    def test_silent_where_a_reducer_gives_what_init_was_given(self, register: Register) -> None:
        register(zoo.NotFound, lambda exc: (zoo.NotFound, (exc.args[0].removeprefix("not found: "),)))
        assert cause_of(zoo.NotFound("bob")) == "travels-only-in-tests", "it arrives whole, as long as the tests run"

    def test_silent_where_init_stores_its_arguments(self) -> None:
        assert arrives_whole(zoo.Portable("bob", 3))


class TestReduceDropsState:
    @pytest.mark.parametrize(
        ("exc", "lost"),
        [(zoo.DropsCode("m", 3), "exc.code"), (zoo.DropsFromItself("m"), "exc.connection")],
        ids=lambda value: value if isinstance(value, str) else type(value).__name__,
    )
    def test_fires_with_the_method_and_its_place(self, exc: BaseException, lost: str) -> None:
        found = diagnosed(exc)
        method = type(exc).__reduce__
        assert found.cause == "reduce-drops-state"
        assert found.evidence == (method.__qualname__, place(method))
        assert f"leaves out or changes {lost}" in found.why

    def test_silent_where_there_is_nothing_to_drop(self) -> None:
        assert arrives_whole(zoo.DropsCode("m"))


class TestReduceDropsNotes:
    def test_fires_with_the_method_and_its_place(self) -> None:
        found = diagnosed(with_attributes(zoo.DropsState("m"), __notes__=["a note"]))
        assert found.cause == "reduce-drops-notes"
        assert found.evidence == ("DropsState.__reduce__", place(zoo.DropsState.__reduce__))

    def test_silent_where_attributes_are_lost_with_them(self) -> None:
        assert cause_of(with_attributes(zoo.DropsState("m"), __notes__=["a note"], code=3)) == "reduce-drops-state"

    def test_silent_where_notes_are_carried(self) -> None:
        assert arrives_whole(with_attributes(zoo.CarriesChain("m"), __notes__=["a note"]))


class TestReduceChangesType:
    @pytest.mark.parametrize(
        "exc",
        [zoo.BecomesValueError("m"), zoo.BecomesRuntimeError("fetch", 3), zoo.NotAnException("m")],
        ids=lambda exc: type(exc).__name__,
    )
    def test_fires_with_the_method_and_its_place(self, exc: BaseException) -> None:
        found = diagnosed(exc)
        assert found.cause == "reduce-changes-type"
        assert found.evidence == (type(exc).__reduce__.__qualname__, place(type(exc).__reduce__))

    def test_silent_where_the_change_is_declared(self) -> None:
        assert arrives_whole(zoo.BecomesRuntimeError("fetch", 3), arrives_as=RuntimeError)

    def test_silent_where_a_copy_of_the_class_arrives(self) -> None:
        class Local(Exception):
            def __reduce__(self) -> tuple[Any, ...]:
                return type(self), self.args

        assert cause_of(Local("m"), serializer="cloudpickle") == "class-sent-by-value"


class TestRebuiltOtherwise:
    def test_fires_with_the_call_that_rebuilds_it(self) -> None:
        with pytest.raises(pydantic.ValidationError) as caught:
            pydantic.TypeAdapter(int).validate_python("x")
        found = diagnosed(caught.value)
        assert found.cause == "rebuilt-otherwise"
        assert found.evidence == ("pydantic_core._pydantic_core.ValidationError.from_exception_data('int', [...], 'python', False)",)
        assert found.why.startswith("likely: ")

    def test_fires_for_a_payload_that_names_another_class(self) -> None:
        assert cause(facts(ValueError("a"), reading=read(pickle.dumps(KeyError("a"))))) == "rebuilt-otherwise"

    def test_silent_where_the_class_itself_is_called(self) -> None:
        assert cause_of(zoo.NotFound("a")) == "init-rewrites-message"

    def test_silent_where_a_method_that_can_be_read_is_to_blame(self) -> None:
        assert cause_of(zoo.DropsFromItself("a")) == "reduce-drops-state"


class TestSuppressionFlipped:
    def test_fires_with_the_flag_before_and_after(self) -> None:
        found = diagnosed(zoo.chained(zoo.CarriesChain("a"), context=KeyError("b")))
        assert (found.cause, found.evidence) == ("suppression-flipped", ("exc.__suppress_context__", "False", "True"))
        assert "CarriesChain.__reduce__ restores exc.__suppress_context__ as True" in found.why

    def test_silent_where_the_flag_was_set_in_the_first_place(self) -> None:
        exc = zoo.chained(zoo.CarriesChain("a"), context=KeyError("b"))
        exc.__suppress_context__ = True
        assert arrives_whole(exc)

    def test_silent_where_the_context_is_not_carried(self) -> None:
        assert cause_of(zoo.chained(zoo.Portable("a"), context=KeyError("b"))) == "chain-dropped"


class TestLinkChanged:
    @pytest.mark.parametrize(
        ("link", "lost"),
        [
            (zoo.NotFound("b"), "exc.__cause__.args[0]"),
            (zoo.DropsCode("b", 3), "exc.__cause__.code"),
            (zoo.BecomesValueError("b"), "exc.__cause__"),
        ],
        ids=lambda value: value if isinstance(value, str) else type(value).__name__,
    )
    def test_fires_with_the_link_and_what_it_lost(self, link: BaseException, lost: str) -> None:
        found = diagnosed(zoo.chained(zoo.CarriesChain("a"), cause=link))
        assert (found.cause, found.evidence) == ("link-changed", ("exc.__cause__", lost))

    def test_silent_where_the_link_is_dropped(self) -> None:
        assert cause_of(zoo.chained(zoo.Portable("a"), cause=zoo.NotFound("b"))) == "chain-dropped"

    def test_silent_where_the_exception_loses_something_itself(self) -> None:
        exc = zoo.NotFound("a")
        assert cause_of(zoo.chained(exc, cause=zoo.NotFound("b"))) == "init-rewrites-message"


@needs_groups
class TestMemberChanged:
    @pytest.mark.parametrize(
        ("member", "lost"),
        [
            (zoo.NotFound("b"), "exc.exceptions[1].args[0]"),
            (zoo.DropsCode("b", 3), "exc.exceptions[1].code"),
            (zoo.BecomesValueError("b"), "exc.exceptions[1]"),
        ],
        ids=lambda value: value if isinstance(value, str) else type(value).__name__,
    )
    def test_fires_with_the_member_and_what_it_lost(self, member: Exception, lost: str) -> None:
        found = diagnosed(group_of(KeyError("a"), member))
        assert (found.cause, found.evidence) == ("member-changed", ("exc.exceptions[1]", lost))

    def test_silent_where_the_members_are_whole(self) -> None:
        assert arrives_whole(group_of(KeyError("a"), zoo.Portable("b")))

    def test_silent_where_a_member_cannot_be_rebuilt(self) -> None:
        assert cause_of(group_of(KeyError("a"), zoo.Picky(4))) == "init-rejects-args"


class TestChainDropped:
    def test_fires_with_the_method_and_the_link(self) -> None:
        found = diagnosed(zoo.chained(zoo.Portable("a"), cause=KeyError("b")))
        assert (found.cause, found.evidence) == ("chain-dropped", ("BaseException.__reduce__", "exc.__cause__"))

    def test_fires_with_a_method_of_the_classes_own(self) -> None:
        found = diagnosed(zoo.chained(zoo.DropsState("a"), context=KeyError("b")))
        assert found.evidence == ("DropsState.__reduce__", "exc.__context__")

    def test_fires_and_blames_the_link_that_dropped_it(self) -> None:
        found = diagnosed(zoo.chained(zoo.CarriesChain("a"), cause=zoo.chained(KeyError("b"), cause=KeyError("c"))))
        assert found.cause == "chain-dropped"
        assert found.evidence[1:] == ("exc.__cause__.__cause__",)
        assert "CarriesChain.__reduce__" not in found.why, "that one carries its cause"

    def test_silent_where_the_chain_is_carried(self) -> None:
        assert arrives_whole(zoo.chained(zoo.CarriesChain("a"), cause=KeyError("b")))

    def test_silent_where_the_chain_would_not_be_printed(self) -> None:
        exc = zoo.chained(zoo.Portable("a"), context=KeyError("b"))
        exc.__suppress_context__ = True
        assert arrives_whole(exc)


ARRIVAL = Loss(kind="arrival", path="exc", sent="s", received="r")
MESSAGE = Loss(kind="message", path="message", sent="s", received="r")
CHAIN = Loss(kind="chain", path="exc.__cause__", sent="s", received="None")
MISSING = (("error_zoo", "Portable", "error_zoo"),)


def facts(exc: BaseException, **known: Any) -> Facts:
    defaults: dict[str, Any] = {"stage": "arrived", "losses": (MESSAGE,), "reading": read(pickle.dumps(exc)), "error": None}
    return Facts(cls=type(exc), sent=describe(exc), **{**defaults, **known})


def error(type_name: str, text: str = "m") -> dict[str, Any]:
    return {"type": f"builtins.{type_name}", "message": {"text": text}, "module": None}


def cause(given: Facts) -> str | None:
    found = diagnose(given)
    return None if found is None else found.cause


class TestOrderOfCauses:
    """What no trip can be made to show, or not reliably."""

    def test_an_unpicklable_value_is_told_before_the_reducer_that_met_it(self) -> None:
        value = Unpicklable(path="exc.a", type="x")
        given = facts(zoo.DropsState("a"), stage="dumps", losses=(ARRIVAL,), unpicklable=value, error=error("TypeError"))
        assert cause(given) == "value-cannot-be-pickled"

    def test_a_type_error_says_that_a_missing_name_was_not_yet_reached(self) -> None:
        given = facts(zoo.Portable("a"), stage="loads", losses=(ARRIVAL,), missing=MISSING, error=error("TypeError"))
        found = diagnose(given)
        assert found is not None
        assert found.cause == "init-rejects-args"
        assert found.why.startswith("likely: "), "no second run has seen it"

    def test_a_rule_that_fails_explains_nothing_and_hinders_none(self, monkeypatch: pytest.MonkeyPatch) -> None:
        def raises(facts: Facts) -> Diagnosis | None:
            raise ZeroDivisionError

        monkeypatch.setattr(causes, "CAUSES", (raises, *causes.CAUSES))
        assert cause(facts(zoo.NotFound("a"))) == "init-rewrites-message"

    def test_what_no_rule_explains_has_no_cause(self) -> None:
        assert cause(facts(ValueError("a"))) is None


class TestBrokenEverywhere:
    def given(self, elsewhere: Elsewhere) -> Diagnosis:
        found = diagnose(
            facts(
                zoo.Portable("a"),
                stage="loads",
                losses=(ARRIVAL,),
                missing=MISSING,
                error=error("ModuleNotFoundError"),
                with_project=elsewhere,
            )
        )
        assert found is not None
        return found

    def test_a_defect_that_is_there_with_the_project_too_is_the_one_that_is_told(self) -> None:
        found = self.given(Elsewhere(losses=(ARRIVAL,), diagnosis=Diagnosis(cause="init-does-not-fit-args", why="because")))
        assert found.cause == "init-does-not-fit-args"
        assert "broken everywhere" in found.why

    def test_a_chain_that_pickle_drops_anyhow_is_not_called_that(self) -> None:
        found = self.given(Elsewhere(losses=(CHAIN,), diagnosis=Diagnosis(cause="chain-dropped", why="")))
        assert found.cause == "class-not-importable"
        assert "it arrives, but without its chain" in found.why


def test_every_rule_of_the_modules_is_in_the_order() -> None:
    rules = {
        value
        for module in MODULES
        for name, value in vars(module).items()
        if getattr(value, "__annotations__", {}).get("facts") == "Facts"
        and value.__module__ == module.__name__
        and value.__annotations__["return"] == "Diagnosis | None"
        and not name.startswith("_")
    }
    assert rules == set(causes.CAUSES)
    assert len(causes.CAUSES) == len(rules), "none is there twice"


def names_of_causes(module: ModuleType) -> set[str]:
    """Words with hyphens, in the module's strings: causes are called that, and stages of a trip."""
    texts = (node.value for node in ast.walk(ast.parse(Path(str(module.__file__)).read_text())) if isinstance(node, ast.Constant))
    return {text for text in texts if isinstance(text, str) and "-" in text and text.replace("-", "").isalpha()} - {s.value for s in Stage}


def test_every_cause_has_a_test_that_it_fires_and_one_that_it_stays_silent() -> None:
    names = set().union(*map(names_of_causes, MODULES))
    assert len(names) > 20
    for name in names:
        tests = vars(globals()[f"Test{name.title().replace('-', '')}"])
        assert any(test.startswith("test_fires") for test in tests), name
        assert any(test.startswith("test_silent") for test in tests), name
