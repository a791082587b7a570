"""Where a report comes from: the project, its commit, and when."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

_COMMIT_VARIABLES = ("GITHUB_SHA", "CI_COMMIT_SHA")  # of GitHub Actions and GitLab CI
_COMMIT = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
_REF = re.compile(r"ref: (refs/[^\s\x00]+)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """What a report is about. Each is empty where it is not known."""

    project: str = ""
    """The name that its metadata gives."""
    commit: str = ""
    """The commit's hash, in hexadecimal digits."""
    date: str = ""
    """When the run ended, ``2026-03-01T12:00:00Z``."""


def common_origin(origins: Sequence[Origin]) -> Origin:
    """The origin of several runs that are told as one: what they share, and the last date."""

    def shared(field: Callable[[Origin], str]) -> str:
        texts = {field(origin) for origin in origins}
        return texts.pop() if len(texts) == 1 else ""

    return Origin(
        project=shared(lambda origin: origin.project),
        commit=shared(lambda origin: origin.commit),
        date=max((origin.date for origin in origins), default=""),
    )


def commit_of(root: Path, environ: Mapping[str, str]) -> str:
    """The commit that is checked out, without running git; empty if it is not known.

    Args:
        root: The project's folder, or one below it.
        environ: The environment, in which a CI system may name the commit.
    """
    named = (environ.get(variable, "") for variable in _COMMIT_VARIABLES)
    commit = next((text for text in named if _COMMIT.fullmatch(text)), "")
    if commit:
        return commit
    repository = next(
        (path for folder in (root, *root.parents) if (path := folder / ".git").exists()), None
    )
    try:
        return "" if repository is None else _head(repository)
    except (OSError, ValueError):  # it cannot be read, or is no text
        return ""


def _head(repository: Path) -> str:
    """The commit of ``HEAD``; ``repository`` is ``.git``, a file in what git calls a worktree."""
    if repository.is_file():
        place = repository.read_text(encoding="utf-8").removeprefix("gitdir:").strip()
        repository = repository.parent / place
    head = (repository / "HEAD").read_text(encoding="utf-8").strip()
    ref = _REF.fullmatch(head)
    if ref is None:
        return head if _COMMIT.fullmatch(head) else ""
    name, folders = ref[1], [repository]
    if (repository / "commondir").is_file():
        shared = (repository / "commondir").read_text(encoding="utf-8").strip()
        folders.append(repository / shared)
    for folder in folders:
        if ".." not in name and (folder / name).is_file():
            commit = (folder / name).read_text(encoding="utf-8").strip()
            return commit if _COMMIT.fullmatch(commit) else ""
        commit = _packed(folder / "packed-refs", name)
        if commit:
            return commit
    return ""


def _packed(file: Path, name: str) -> str:
    """The commit that a file of packed references has for a name; empty if none."""
    if file.is_file():
        for line in file.read_text(encoding="utf-8").splitlines():
            commit, _, packed_name = line.partition(" ")
            if packed_name == name and _COMMIT.fullmatch(commit):
                return commit
    return ""
