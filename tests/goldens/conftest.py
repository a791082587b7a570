from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from earlier_release import Project


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Project]:
    """An empty project, which can be imported from."""
    monkeypatch.syspath_prepend(tmp_path)
    found = Project(tmp_path)
    yield found
    found.forget()
