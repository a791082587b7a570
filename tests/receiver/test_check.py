"""What a check leaves behind in its process, before loads begins."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from pytest_portable_errors.receiver.check import _import


def test_a_failed_import_leaves_no_part_of_its_package(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Or loads would find the part that had succeeded, where a consumer, who imports nothing ahead,
    meets the failure."""
    package = tmp_path / "halfdone"
    package.mkdir()
    (package / "__init__.py").write_text(
        "import halfdone.errors, colorsys\nraise ImportError('needs more')"
    )
    (package / "errors.py").write_text("class Boom(Exception): ...")
    monkeypatch.syspath_prepend(tmp_path)
    for _ in range(2):
        with pytest.raises(ImportError, match="needs more"):
            _import("halfdone.errors")
    assert not [name for name in sys.modules if name.startswith("halfdone")]
    assert "colorsys" in sys.modules, "what other packages were imported stays, as it would"
