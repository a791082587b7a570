"""Sees exceptions that a plain ``except`` clause catches, through ``sys.monitoring`` (PEP 669,
Python 3.12)."""

from __future__ import annotations

import _thread
import contextlib
import os
import sys
import threading
from collections.abc import Callable, Iterator
from types import CodeType
from typing import Any

NEEDS = (3, 12)
_IDS = (4, 3)  # 0, 1, 2 and 5 are a debugger's, coverage's, a profiler's and an optimizer's
_CONTROL_FLOW = (StopIteration, StopAsyncIteration, GeneratorExit)


def can_watch_handled() -> bool:
    """Whether this Python has what it takes, and nobody else has taken it."""
    return _free_tool() is not None


def _monitoring() -> Any:
    """``sys.monitoring``; None before Python 3.12."""
    return getattr(sys, "monitoring", None)


def _free_tool() -> int | None:
    monitoring = _monitoring()
    return (
        None
        if monitoring is None
        else next((number for number in _IDS if monitoring.get_tool(number) is None), None)
    )


@contextlib.contextmanager
def watching_handled(
    see: Callable[[BaseException], object], is_ours: Callable[[str], bool]
) -> Iterator[None]:
    """Show ``see`` what code in files that ``is_ours`` accepts (real paths) catches in the block.
    Nothing, before Python 3.12."""
    monitoring, tool = _monitoring(), _free_tool()
    if tool is None:
        yield
        return
    event = monitoring.events.EXCEPTION_HANDLED
    monitoring.use_tool_id(tool, "pytest-portable-errors")
    monitoring.register_callback(tool, event, _callback(see, is_ours))
    monitoring.set_events(tool, event)
    try:
        yield
    finally:
        monitoring.set_events(tool, 0)
        monitoring.register_callback(tool, event, None)
        monitoring.free_tool_id(tool)


def _callback(
    see: Callable[[BaseException], object], is_ours: Callable[[str], bool]
) -> Callable[[CodeType, int, BaseException], None]:
    known: dict[str, bool] = {}
    busy: set[int] = set()

    def handled(code: CodeType, _offset: int, exc: BaseException) -> None:
        thread = threading.get_ident()
        if thread in busy or type(exc) in _CONTROL_FLOW:
            return
        busy.add(thread)  # what is handled while we look is our own
        try:
            file = code.co_filename
            if file not in known:
                # <frozen os> and its like are no files: as paths they would lie below the current
                # folder.
                known[file] = not file.startswith("<") and is_ours(os.path.realpath(file))
            if known[file]:
                see(exc)
        except KeyboardInterrupt:
            # once more, when the tested code goes on: raised from here it would skip the handler
            _thread.interrupt_main()
        except BaseException:  # it would be raised into the code that is tested
            return
        finally:
            busy.discard(thread)

    return handled
