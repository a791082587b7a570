"""What of pytest a run needs; ``stash.py`` makes it, so that its users need not import pytest."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import NoReturn


@dataclass(frozen=True, slots=True, kw_only=True)
class PytestApi:
    """The parts of pytest that a run calls or compares with."""

    fail: Callable[[str], NoReturn]
    """Fails the running test with this text and no traceback."""
    fail_told_once: Callable[[str], NoReturn]
    """The same for a test whose defects the summary tells."""
    outcomes: tuple[type[BaseException], ...]
    """Exceptions that are outcomes (skip, fail, xfail, exit, ``unittest.SkipTest``); they are never
    captured."""
    exception_info: type[object]
    """``pytest.ExceptionInfo``."""
    raises: Callable[..., object]
    """``pytest.raises``."""
