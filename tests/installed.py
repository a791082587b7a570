"""Distributions that are made up, as pip would have installed them in a folder."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path


def install(
    folder: Path,
    name: str,
    files: Mapping[str, str],
    *,
    version: str = "1.0",
    requires: tuple[str, ...] = (),
) -> None:
    """Put a distribution into a folder: its files, and metadata that lists them.

    Args:
        folder: What takes the place of ``site-packages``.
        name: The distribution's.
        files: Path below the folder -> text.
        version: Its version.
        requires: Lines of ``Requires-Dist``.
    """
    for file, text in files.items():
        (folder / file).parent.mkdir(parents=True, exist_ok=True)
        (folder / file).write_text(text)
    info = folder / f"{name.replace('-', '_')}-{version}.dist-info"
    info.mkdir(parents=True, exist_ok=True)
    lines = [f"Requires-Dist: {line}" for line in requires]
    metadata = ["Metadata-Version: 2.1", f"Name: {name}", f"Version: {version}", *lines]
    (info / "METADATA").write_text("\n".join(metadata) + "\n")
    (info / "RECORD").write_text("".join(f"{file},,\n" for file in files))
