"""What the receivers are told about the project around the tests."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from pytest_portable_errors.project_root import root_above


@dataclass(frozen=True, slots=True, kw_only=True)
class ProjectContext:
    """The project's root, its tests and its settings."""

    root: Path
    """The project's root: pytest's ``rootpath``, or what ``here`` finds."""
    python_files: tuple[str, ...] = ("test_*.py", "*_test.py")
    """Globs of test modules, as in pytest's ini key ``python_files``."""
    collected: frozenset[str] = frozenset()
    """Real paths of the modules that pytest collected."""
    receiver_setup: tuple[str, ...] = ()
    """``module:callable`` that those who read the errors call at their start, in this order."""
    django_setup: bool = False
    """Whether who has the project calls ``django.setup()`` at its start."""
    installed: tuple[str, ...] = ()
    """Dotted names of modules that the receivers have, with all below them, although they are the
    project's or a test's."""
    absent: tuple[str, ...] = ()
    """Dotted names of modules that the receivers lack, with all below them, although they are
    installed."""
    is_nested: bool = False
    """Whether pytest runs within pytest, in one process: what is loaded may be another project's.
    """

    @classmethod
    def here(cls) -> ProjectContext:
        """Find the project without pytest: the nearest folder upward that looks like a root.

        Without such a folder the current one is taken.
        """
        return cls(root=root_above(Path.cwd()))
