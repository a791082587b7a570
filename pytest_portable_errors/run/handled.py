"""Sees the exceptions that plain ``except`` clauses catch, through ``sys.monitoring``.

``sys.monitoring`` is PEP 669, new in Python 3.12.
"""

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
"""The first Python version that has ``sys.monitoring``."""
_TOOL_IDS = (4, 3)
"""Those of the tool ids 0 to 5 that PEP 669 leaves to nobody: 0 is a debugger's, 1 coverage's, 2 a
profiler's, 5 an optimizer's."""
_CONTROL_FLOW = (StopIteration, StopAsyncIteration, GeneratorExit)
"""Ends of iteration, which are no errors."""


def can_watch_handled() -> bool:
    """Whether this Python has ``sys.monitoring``, and a tool id is free."""
    return _free_tool() is not None


def _monitoring() -> Any:
    """``sys.monitoring``; None before Python 3.12."""
    return getattr(sys, "monitoring", None)


def _free_tool() -> int | None:
    """A tool id that nobody uses; None if there is none, or before Python 3.12."""
    monitoring = _monitoring()
    return (
        None
        if monitoring is None
        else next((number for number in _TOOL_IDS if monitoring.get_tool(number) is None), None)
    )


@contextlib.contextmanager
def watching_handled(
    see: Callable[[BaseException], object], is_ours: Callable[[str], bool]
) -> Iterator[None]:
    """Call ``see`` with each exception that an ``except`` clause handles in the block.

    Before Python 3.12, and where no tool id is free, nothing is seen.

    Args:
        see: Called in the thread that handles the exception. What it raises is dropped, but for
            KeyboardInterrupt, which is raised once more in the main thread.
        is_ours: Tells of a file, by its real path, whether its ``except`` clauses are watched.
            Asked once for each file.
    """
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
    is_watched: dict[str, bool] = {}
    busy_threads: set[int] = set()

    def handled(code: CodeType, _offset: int, exc: BaseException) -> None:
        thread = threading.get_ident()
        if thread in busy_threads or type(exc) in _CONTROL_FLOW:
            return
        busy_threads.add(thread)  # what this thread handles meanwhile is the plugin's own
        try:
            file = code.co_filename
            if file not in is_watched:
                # <frozen os> and its like are no files: as paths they would lie below the current
                # folder.
                is_watched[file] = not file.startswith("<") and is_ours(os.path.realpath(file))
            if is_watched[file]:
                see(exc)
        except KeyboardInterrupt:
            # Raised once more when the tested code goes on: raised from here it would skip the
            # handler.
            _thread.interrupt_main()
        except BaseException:
            # Dropped: otherwise it would be raised into the code that is tested.
            return
        finally:
            busy_threads.discard(thread)

    return handled
