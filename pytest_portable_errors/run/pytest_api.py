"""What of pytest the rest of the plugin needs, handed over by ``plugin.py`` so that nothing else
has to import it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import NoReturn


@dataclass(frozen=True, slots=True, kw_only=True)
class PytestApi:
    """The test framework around us."""

    fail: Callable[[str], NoReturn]
    """Fails the running test with this text and no traceback."""
    outcomes: tuple[type[BaseException], ...]
    """Exceptions that are outcomes (skip, fail, xfail, exit), and never captured."""
    exception_info: type[object]
    raises: Callable[..., object]
