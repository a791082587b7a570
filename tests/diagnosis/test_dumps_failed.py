"""Causes of an exception that gave no payload, and of a class that cannot be imported: here, or in
the receiver."""

from __future__ import annotations

import pickle
import threading
import zipfile

import error_zoo as zoo
import pytest
from diagnosis.trips import (
    Register,
    arrives_whole,
    cause_of,
    diagnosed,
    place,
    trip_of,
    with_attributes,
)

from pytest_portable_errors import Stage


class TestValueCannotBePickled:
    @pytest.mark.parametrize("serializer", ["pickle", "pickle:0", "cloudpickle"])
    def test_fires_with_the_path_and_the_type_of_the_value(self, serializer: str) -> None:
        found = diagnosed(zoo.HoldsLock("m"), serializer=serializer)
        assert found.cause == "value-cannot-be-pickled"
        assert found.evidence == ("exc.client['pool'][0]", "_thread.lock")
        assert found.why == "exc.client['pool'][0] (_thread.lock) cannot be pickled"

    def test_fires_for_a_value_of_what_a_reducer_of_its_own_gives(self) -> None:
        exc = zoo.chained(
            zoo.CarriesChain("a"), cause=with_attributes(KeyError("b"), lock=threading.Lock())
        )
        assert diagnosed(exc).evidence == ("exc.__cause__.lock", "_thread.lock")

    def test_fires_for_a_lambda(self) -> None:
        found = diagnosed(with_attributes(ValueError("m"), callback=zoo.Holder(lambda: None)))
        assert (found.cause, found.evidence) == (
            "value-cannot-be-pickled",
            ("exc.callback.held", "builtins.function"),
        )

    def test_fires_for_the_class_of_an_exception_that_is_held(self) -> None:
        class Local(Exception):
            pass

        found = diagnosed(with_attributes(ValueError("m"), last=Local("inner")))
        assert (found.cause, found.evidence[0]) == ("value-cannot-be-pickled", "exc.last")
        assert found.why == (
            f"exc.last is a {__name__}.{Local.__qualname__}, which is not found under that name"
        )

    def test_silent_where_the_reducer_leaves_the_value_out(self) -> None:
        assert cause_of(with_attributes(zoo.DropsState("m"), lock=threading.Lock())) is None

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

    def test_fires_for_a_class_that_its_module_no_longer_holds(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        exc = zoo.Portable("m")
        monkeypatch.setattr(zoo, "Portable", zoo.Narrow)
        found = diagnosed(exc)
        assert (found.cause, found.evidence) == ("class-not-importable", ("error_zoo.Portable",))
        assert "its module holds another class under that name" in found.why

    @pytest.mark.parametrize(
        ("module", "said"),
        [
            (
                "no_such_module",
                "says that its module is 'no_such_module', and no such module is loaded",
            ),
            ("error_zoo", "is defined under a name that its module does not hold"),
        ],
    )
    def test_fires_for_a_class_that_no_module_holds(self, module: str, said: str) -> None:
        found = diagnosed(type("Made", (Exception,), {"__module__": module})("m"))
        assert (found.cause, found.evidence) == ("class-not-importable", (f"{module}.Made",))
        assert found.why == f"{module}.Made {said}; pickle sends a class by its name"

    @pytest.mark.parametrize(
        ("false_names", "told"),
        [
            ({"__module__": "no_such_module"}, "its __module__ to 'error_zoo'"),
            (
                {"__module__": "error_zoo", "__qualname__": "Hidden"},
                "its __qualname__ to 'Public'",
            ),
            (
                {"__module__": "no_such_module", "__qualname__": "Hidden"},
                "its __module__ to 'error_zoo' and its __qualname__ to 'Public'",
            ),
        ],
        ids=["module", "name", "both"],
    )
    def test_fires_with_the_names_under_which_it_is_public(
        self, false_names: dict[str, str], told: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        made = type("Public", (Exception,), false_names)
        assert "public as" not in diagnosed(made("m")).why, "the control"
        monkeypatch.setattr(zoo, "Public", made, raising=False)
        found = diagnosed(made("m"))
        assert found.cause == "class-not-importable"
        assert found.why.splitlines()[-1] == f"public as error_zoo.Public: set {told}"

    def test_fires_where_the_receiver_lacks_the_module(self) -> None:
        found = diagnosed(zoo.Portable("a"), receiver="without-project")
        assert found.cause == "class-not-importable"
        assert found.evidence == ("error_zoo.Portable", "no module 'error_zoo'", "exc")
        assert (
            "arrives only where the project is installed (receiver with-project: it arrives)"
            in found.why
        )

    def test_fires_where_the_receivers_module_lacks_the_class(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        added = type("Added", (Exception,), {"__module__": "error_zoo"})
        monkeypatch.setattr(zoo, "Added", added, raising=False)
        assert diagnosed(added("m")).evidence == (
            "error_zoo.Added",
            "no 'Added' in error_zoo",
            "exc",
        )

    def test_fires_for_a_class_of_a_test_module_in_every_receiver(self) -> None:
        found = diagnosed(OfATest("m"))
        assert found.cause == "class-not-importable"
        assert found.evidence[0] == f"{__name__}.OfATest"
        assert "it is defined in a test module, which no receiver has" in found.why

    def test_silent_where_the_class_is_sent_by_value(self) -> None:
        class Local(Exception):
            pass

        assert cause_of(Local("m"), serializer="cloudpickle") == "class-sent-by-value"

    def test_silent_where_the_class_is_there_and_its_reconstructor_is_not(
        self, register: Register
    ) -> None:
        register(zipfile.BadZipFile, zoo.reduce_by_rebuilding)
        assert (
            cause_of(zipfile.BadZipFile("m"), receiver="without-project")
            == "reconstructor-not-importable"
        )

    def test_silent_where_the_class_would_not_arrive_anywhere(self) -> None:
        found = diagnosed(zoo.PaymentError(7, "declined"), receiver="without-project")
        assert found.cause == "init-does-not-fit-args"
        assert (
            "broken everywhere: here the payload names the class error_zoo.PaymentError"
            in found.why
        )
        assert found.evidence[-1] == "no module 'error_zoo'"


class OfATest(Exception):
    pass


class TestReduceFailed:
    def test_fires_with_the_place_of_a_method_that_gives_nonsense(self) -> None:
        found = diagnosed(zoo.ReducesToNonsense("m"))
        assert found.cause == "reduce-failed"
        assert found.evidence == (
            "ReducesToNonsense.__reduce__",
            place(zoo.ReducesToNonsense.__reduce__),
        )
        assert "copyreg" not in found.why

    def test_fires_for_one_that_exits(self) -> None:
        assert diagnosed(zoo.ReduceExits()).evidence == (
            "ReduceExits.__reduce__",
            place(zoo.ReduceExits.__reduce__),
        )

    def test_fires_for_one_in_copyreg(self, register: Register) -> None:
        register(zoo.Portable, zoo.reduce_never)
        found = diagnosed(zoo.Portable("m"))
        assert (found.cause, found.evidence) == (
            "reduce-failed",
            ("reduce_never", place(zoo.reduce_never)),
        )
        assert "raised LookupError: no reduction" in found.why

    def test_silent_where_what_it_gives_holds_a_value_that_refuses(
        self, register: Register
    ) -> None:
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


class TestEndsAProcess:
    def test_fires_for_what_the_worker_does_not_catch(self) -> None:
        found = diagnosed(SystemExit(3), serializer="multiprocessing")
        assert (found.cause, found.evidence) == ("ends-a-process", ("SystemExit",))
        assert found.why == (
            "SystemExit is not caught where multiprocessing sends the errors of tasks: it ends "
            "what runs the task"
        )

    def test_fires_for_what_arrives_and_ends_the_client(self) -> None:
        found = diagnosed(SystemExit(3), serializer="process-pool")
        assert found.cause == "ends-a-process"
        assert found.why.startswith("SystemExit is no Exception: what asks for the result raises")

    def test_silent_where_nobody_says_who_reads_it(self) -> None:
        assert arrives_whole(SystemExit(3))

    def test_silent_for_an_error_of_the_same_worker(self) -> None:
        assert arrives_whole(ValueError("v"), serializer="multiprocessing")
        assert arrives_whole(ValueError("v"), serializer="process-pool")


class TestDumpsFailed:
    def test_fires_where_the_exception_is_not_to_blame(self) -> None:
        found = diagnosed(zoo.Portable("m"), serializer=OwnSerializer(OSError(28, "full")))
        assert (found.cause, found.evidence) == ("dumps-failed", ("builtins.OSError",))
        assert found.why == "pickling it raised OSError: [Errno 28] full"

    def test_silent_where_nothing_fails(self) -> None:
        assert arrives_whole(zoo.Portable("m"), serializer=OwnSerializer())

    def test_silent_where_a_value_refuses_that_serializer_too(self) -> None:
        assert cause_of(zoo.HoldsLock("m"), serializer=OwnSerializer()) == "value-cannot-be-pickled"
