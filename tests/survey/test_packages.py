"""A package is surveyed with all its modules, by what it gives to others."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from pytest_portable_errors.errors import PortableErrorsError
from pytest_portable_errors.survey.packages import survey_package

FILES = {
    "surveyed_here/__init__.py": """
        from json import JSONDecodeError
        from surveyed_beside import Beside
        Native = type("Native", (Exception,), {"__module__": "surveyed_native"})
        _Hidden = type("_Hidden", (Exception,), {"__module__": "surveyed_native"})
    """,
    "surveyed_here/errors.py": "class Raised(Exception): pass",
    "surveyed_here/deep/__init__.py": "",
    "surveyed_here/deep/more.py": "class Deep(Exception): pass",
    "surveyed_here/broken.py": "raise RuntimeError('not today')",
    "surveyed_here/exits.py": "raise SystemExit(3)",
    "surveyed_here/__main__.py": "raise RuntimeError('run')",
    "surveyed_here/tests/__init__.py": "raise RuntimeError('test')",
    "surveyed_here/test_it.py": "raise RuntimeError('test')",
    "surveyed_beside.py": "class Beside(Exception): pass",
    "surveyed_space/inner/__init__.py": "class Inner(Exception): pass",
    "surveyed_empty/inner/__init__.py": "",
    "surveyed_empty/outer.py": "",
}


@pytest.fixture(autouse=True)
def packages(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    for name, source in FILES.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("\n".join(map(str.strip, source.strip().splitlines())))
    monkeypatch.syspath_prepend(tmp_path)
    yield
    for name in [name for name in sys.modules if name.startswith("surveyed_")]:
        del sys.modules[name]


def names(package: str) -> list[str]:
    return [f"{cls.__module__}.{cls.__qualname__}" for cls in survey_package(package).classes]


def test_all_its_modules_are_imported_and_none_of_tests() -> None:
    assert {"surveyed_here.errors.Raised", "surveyed_here.deep.more.Deep"} < set(
        names("surveyed_here")
    )


def test_what_could_not_be_imported_is_told() -> None:
    assert survey_package("surveyed_here").failures == {
        "surveyed_here.broken": "RuntimeError: not today",
        "surveyed_here.exits": "SystemExit: 3",
    }


def test_a_class_counts_by_who_exports_it_whatever_its_module_says() -> None:
    """As of safetensors and pygit2, which are written in Rust and C."""
    found = names("surveyed_here")
    assert "surveyed_native.Native" in found
    assert "surveyed_native._Hidden" not in found, "it is not exported"
    assert "json.decoder.JSONDecodeError" not in found, "it is the standard library's"


def test_a_namespace_package_is_surveyed_by_what_lies_in_it() -> None:
    assert names("surveyed_space") == ["surveyed_space.inner.Inner"]


def test_where_there_is_nothing_it_names_what_exists() -> None:
    with pytest.raises(
        PortableErrorsError, match=r"it has surveyed_empty\.inner, surveyed_empty\.outer"
    ):
        survey_package("surveyed_empty")


def test_a_package_that_cannot_be_imported_is_an_error() -> None:
    with pytest.raises(PortableErrorsError, match="importing it raised RuntimeError: not today"):
        survey_package("surveyed_here.broken")
