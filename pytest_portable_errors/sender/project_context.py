"""What the receivers are told of the project around the tests."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

_ROOT_MARKS = ("pyproject.toml", "setup.py", "setup.cfg", ".git")


@dataclass(frozen=True, slots=True, kw_only=True)
class ProjectContext:
    """What the receivers are told about the project around the tests."""

    root: Path
    """The project's root: pytest's ``rootpath``, or the nearest folder upward that looks like
    one."""
    python_files: tuple[str, ...] = ("test_*.py", "*_test.py")
    """Globs of test modules, as in pytest's ini key."""
    collected: frozenset[str] = frozenset()
    """Real paths of the modules that pytest collected."""
    receiver_setup: tuple[str, ...] = ()
    """``module:callable`` that those who read the errors call at their start."""
    installed: tuple[str, ...] = ()
    """Modules that the receivers have, with all below them, although they are the project's or a
    test's."""
    absent: tuple[str, ...] = ()
    """Modules that they lack, with all below them, although they are installed."""

    @classmethod
    def here(cls) -> ProjectContext:
        """Without pytest: found upward from the current folder."""
        start = Path.cwd()
        return cls(
            root=next(
                (
                    f
                    for f in (start, *start.parents)
                    if any((f / mark).exists() for mark in _ROOT_MARKS)
                ),
                start,
            )
        )
