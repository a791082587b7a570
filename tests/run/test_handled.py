"""What a plain ``except`` clause catches is seen, in the files that are asked for, and whatever
looks at it disturbs nobody."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from pytest_portable_errors.run import handled
from pytest_portable_errors.run.capture import CapturedExceptions
from pytest_portable_errors.run.capture_patch import Sources, watching
from pytest_portable_errors.run.handled import watching_handled
from pytest_portable_errors.sender.serializers import Pickle

monitored = pytest.mark.skipif(
    sys.version_info < handled.NEEDS, reason="sys.monitoring is Python 3.12"
)


def tools() -> list[str | None]:
    """What is registered now."""
    monitoring: Any = getattr(sys, "monitoring", None)
    return [] if monitoring is None else [monitoring.get_tool(number) for number in range(6)]


@pytest.fixture(autouse=True)
def nothing_is_left() -> Iterator[None]:
    before = tools()
    yield
    assert tools() == before


def here(file: str) -> bool:
    return file == __file__


def seen_in(body: Callable[[], object], is_ours: Callable[[str], bool] = here) -> list[str]:
    """The types of what was seen while the body ran."""
    seen: list[str] = []
    with watching_handled(lambda exc: seen.append(type(exc).__name__), is_ours):
        body()
    return seen


def catching() -> None:
    try:
        int("x")
    except ValueError as error:
        assert error.args


def in_a_thread() -> None:
    thread = threading.Thread(target=catching)
    thread.start()
    thread.join()


def in_async_code() -> None:
    async def caught() -> None:
        try:
            await asyncio.wait_for(asyncio.sleep(10), 0.001)
        except asyncio.TimeoutError as error:  # another class before Python 3.11
            assert error.args is not None

    asyncio.run(caught())


def in_a_generator() -> None:
    def numbers() -> Iterator[int]:
        try:
            yield 1
        except LookupError:
            yield 2

    running = numbers()
    next(running)
    running.throw(KeyError("k"))  # type: ignore[attr-defined]  # a generator


def suppressed() -> None:
    with contextlib.suppress(ZeroDivisionError):
        1 / 0  # noqa: B018  # it is to raise


def cleaned_up() -> None:
    try:
        try:
            raise LookupError("again")
        finally:
            pass
    except LookupError:
        pass


def ends_of_iteration() -> None:
    """None of these is an error."""

    def numbers() -> Iterator[int]:
        yield 1

    async def arrives() -> Any:
        yield 1

    async def all_of_it() -> None:
        assert [number async for number in arrives()] == [1]

    assert list(numbers()) == [1]
    assert [number for number in numbers() if number] == [1]
    try:
        next(iter(()))
    except StopIteration as end:
        assert end.value is None
    unfinished = numbers()
    next(unfinished)
    unfinished.close()  # type: ignore[attr-defined]  # a generator
    asyncio.run(all_of_it())


@monitored
class TestSeen:
    @pytest.mark.parametrize(
        ("body", "expected"),
        [
            (catching, ["ValueError"]),
            (in_a_thread, ["ValueError"]),
            (in_async_code, ["TimeoutError"]),
            (in_a_generator, ["KeyError"]),
            (suppressed, ["ZeroDivisionError"]),
        ],
    )
    def test_where_it_is_caught(self, body: Callable[[], None], expected: list[str]) -> None:
        assert expected[0] in seen_in(body)
        assert set(seen_in(body)) <= {*expected, "CancelledError"}
        assert seen_in(body, is_ours=lambda file: file == json.__file__) == []

    def test_what_a_finally_clause_passes_on_is_the_same_object(self) -> None:
        objects: list[BaseException] = []
        with watching_handled(objects.append, here):
            cleaned_up()
        assert len(objects) > 1
        assert all(one is objects[0] for one in objects)

    def test_the_ends_of_iteration_are_no_errors(self) -> None:
        assert seen_in(ends_of_iteration) == []

    def test_what_other_peoples_code_catches_is_not_seen(self) -> None:
        def body() -> None:
            assert getattr(json, "no_such_name", None) is None
            json.loads("[1.5]")  # catches a StopIteration of its own
            assert not hasattr(threading, "no_such_name")
            import logging

            logging.raiseExceptions, before = False, logging.raiseExceptions
            try:
                logging.getLogger("quiet").error("%d", "x")  # catches a TypeError
            finally:
                logging.raiseExceptions = before

        assert seen_in(body) == []

    def test_frozen_and_made_up_code_lies_in_no_file(self) -> None:
        def body() -> None:
            catching()
            # Mapping.get catches a KeyError, in <frozen _collections_abc>
            assert os.environ.get("PORTABLE_ERRORS_NO_SUCH") is None
            exec("try: 1 / 0\nexcept ZeroDivisionError: pass", {})

        asked: list[str] = []
        # append gives None
        assert (
            seen_in(body, is_ours=lambda file: not asked.append(file)).count("ZeroDivisionError")  # type: ignore[func-returns-value]
            == 0
        )
        assert __file__ in asked
        assert not any("<" in file for file in asked)

    def test_nothing_is_seen_after_the_block(self) -> None:
        seen: list[BaseException] = []
        with watching_handled(seen.append, here):
            pass
        catching()
        assert seen == []


@monitored
class TestUndisturbed:
    def test_looking_may_fail(self) -> None:
        def fails(_: BaseException) -> None:
            raise RecursionError

        with watching_handled(fails, here):
            catching()
        with watching_handled(lambda _: None, lambda _: bool(1 / 0)):
            catching()

    def test_an_interrupt_while_looking_comes_when_the_code_goes_on_and_skips_no_cleanup(
        self,
    ) -> None:
        lock = threading.Lock()

        def interrupted(exc: BaseException) -> None:
            if type(exc) is LookupError:
                raise KeyboardInterrupt

        def body() -> None:
            with lock:
                raise LookupError

        # a job in the background ignores it
        before = signal.signal(signal.SIGINT, signal.default_int_handler)
        try:
            with pytest.raises(KeyboardInterrupt), watching_handled(interrupted, here):
                with contextlib.suppress(LookupError):
                    body()
                catching()
        finally:
            signal.signal(signal.SIGINT, before)
        assert not lock.locked()

    def test_what_looking_itself_catches_is_not_seen(self) -> None:
        seen: list[str] = []

        def look(exc: BaseException) -> None:
            seen.append(type(exc).__name__)
            with contextlib.suppress(LookupError):
                raise LookupError
            cleaned_up()

        with watching_handled(look, here):
            catching()
        assert seen == ["ValueError"]

    def test_it_works_inside_itself_and_beside_other_tools(self) -> None:
        monitoring: Any = vars(sys)["monitoring"]  # newer than what mypy may be told to check
        seen: list[list[str]] = [[], []]
        lines: list[int] = []
        monitoring.use_tool_id(monitoring.COVERAGE_ID, "coverage")
        monitoring.register_callback(
            monitoring.COVERAGE_ID, monitoring.events.LINE, lambda _, line: lines.append(line)
        )
        monitoring.set_events(monitoring.COVERAGE_ID, monitoring.events.LINE)
        try:
            with (
                watching_handled(lambda exc: seen[0].append(type(exc).__name__), here),
                watching_handled(lambda exc: seen[1].append(type(exc).__name__), here),
            ):
                catching()
                before = len(lines)
            catching()
        finally:
            monitoring.set_events(monitoring.COVERAGE_ID, 0)
            monitoring.free_tool_id(monitoring.COVERAGE_ID)
        assert seen == [["ValueError"], ["ValueError"]]
        assert 0 < before < len(lines), "the other tool goes on"

    def test_where_no_place_is_left_nothing_is_seen_and_nothing_breaks(self) -> None:
        seen: list[BaseException] = []
        monitoring: Any = vars(sys)["monitoring"]  # newer than what mypy may be told to check
        taken = [number for number in (3, 4) if monitoring.get_tool(number) is None]
        for number in taken:
            monitoring.use_tool_id(number, "somebody")
        try:
            with watching_handled(seen.append, here):
                catching()
        finally:
            for number in taken:
                monitoring.free_tool_id(number)
        assert seen == []

    def test_the_place_is_given_back_when_the_block_fails(self) -> None:
        with pytest.raises(OSError, match="out"), watching_handled(lambda _: None, here):
            raise OSError("out")
        assert tools().count("pytest-portable-errors") <= 1, (
            "the one of a run that checks these tests themselves"
        )


@pytest.mark.skipif(sys.version_info >= handled.NEEDS, reason="there is sys.monitoring")
def test_before_there_is_monitoring_nothing_is_seen_and_nothing_breaks() -> None:
    assert seen_in(catching) == []


class Odd(Exception):
    """Raises and catches while it is described and pickled."""

    def __str__(self) -> str:
        suppressed()
        return "odd"

    def __reduce__(self) -> tuple[Any, ...]:
        try:
            raise LookupError("inner")
        except LookupError:
            return Odd, ()


class TestCaptured:
    def captured(self) -> CapturedExceptions:
        return CapturedExceptions(serializers=(Pickle(),), traceback=False, outcomes=())

    def sources(self, *kinds: str) -> Sources:
        return Sources(
            exception_info=pytest.ExceptionInfo, raises=pytest.raises, kinds=kinds, is_ours=here
        )

    def test_what_an_exception_catches_in_its_own_code_is_not_what_the_test_raised(self) -> None:
        captured = self.captured()
        with watching(captured.see, self.sources("handled")):
            pickled = captured.see(Odd())
        assert [one.cls for of_one in captured.outgoing for one in of_one] == [Odd]
        assert [one.cls for one in pickled] == [Odd]

    def test_the_same_object_is_described_once(self) -> None:
        captured = self.captured()
        for exc in (ValueError("a"), Odd()):
            assert captured.see(exc) is captured.see(exc)
        assert len(captured.outgoing) == 2

    @pytest.mark.parametrize("cls", [ValueError, Odd])
    def test_objects_that_follow_each_other_at_one_address_are_two(
        self, cls: type[BaseException]
    ) -> None:
        captured = self.captured()
        for _ in range(20):
            captured.see(cls())
        assert len(captured.outgoing) == 20

    def test_two_threads_that_look_at_once_do_not_mix_them_up(self) -> None:
        both = threading.Barrier(2, timeout=10)

        class Waiting(Exception):
            def __reduce__(self) -> tuple[Any, ...]:
                with contextlib.suppress(threading.BrokenBarrierError):
                    both.wait()
                return ValueError, ()

        class Late(Waiting):
            pass

        captured = self.captured()
        found: dict[type, list[type]] = {}

        def look(exc: BaseException) -> None:
            captured.see(exc)
            found[type(exc)] = [one.cls for one in captured.see(exc)]

        exceptions = [Waiting(), Late()]
        threads = [threading.Thread(target=look, args=(exc,)) for exc in exceptions]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert found == {Waiting: [Waiting], Late: [Late]}

    def test_outcomes_interrupts_and_what_is_skipped_are_not_described(self) -> None:
        captured = CapturedExceptions(
            serializers=(Pickle(),),
            traceback=False,
            outcomes=(KeyError,),
            skips=lambda cls: cls is ValueError,
        )
        for exc in (KeyError(), KeyboardInterrupt(), ValueError()):
            assert captured.see(exc) == []
        assert captured.outgoing == []
