"""Where a project begins, as far as files tell."""

from __future__ import annotations

from pathlib import Path

_MARKS = ("pyproject.toml", "setup.py", "setup.cfg", ".git")


def root_above(folder: Path) -> Path:
    """The nearest folder upward that looks like a project's root; the folder itself if none does.

    It does if it holds ``pyproject.toml``, ``setup.py``, ``setup.cfg`` or ``.git``.
    """
    return next(
        (one for one in (folder, *folder.parents) if any((one / mark).exists() for mark in _MARKS)),
        folder,
    )
