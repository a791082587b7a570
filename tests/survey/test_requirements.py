"""What a project requires is found by its metadata, or else by its files."""

from __future__ import annotations

from pathlib import Path

import pytest
from installed import install

from pytest_portable_errors.errors import PortableErrorsError
from pytest_portable_errors.survey import requirements
from pytest_portable_errors.survey.requirements import dependencies_of, modules_in


@pytest.fixture(autouse=True)
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with two libraries, of which one requires another."""
    folder = tmp_path / "site"
    install(folder, "first-lib", {"first/__init__.py": ""}, requires=("second-lib>=1", "gone"))
    install(folder, "second-lib", {"second/errors.py": "", "_private.py": ""}, version="2.5")
    monkeypatch.syspath_prepend(str(folder))
    requirements._installed.cache_clear()
    return folder


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = tmp_path / "project"
    folder.mkdir()
    return folder


def found(root: Path, depth: int = 1) -> dict[str, str]:
    return {one.name: one.version for one in dependencies_of(root, depth=depth)}


@pytest.mark.parametrize(
    ("file", "text"),
    [
        (
            "pyproject.toml",
            '[project]\nname = "shop"\ndependencies = ["first_lib>=1", "gone[x]"]\n',
        ),
        (
            "pyproject.toml",
            (
                '[tool.poetry]\nname = "shop"\n'
                '[tool.poetry.dependencies]\npython = "^3.10"\nfirst-lib = "^1"\ngone = "*"\n'
            ),
        ),
        (
            "setup.cfg",
            "[metadata]\nname = shop\n[options]\ninstall_requires =\n  First-Lib\n  gone\n",
        ),
        ("requirements.txt", "# ours\n-r other.txt\nfirst-lib==1.0  # pinned\ngone\n"),
    ],
    ids=["project", "poetry", "setup.cfg", "requirements.txt"],
)
def test_files_of_a_project_that_is_not_installed(root: Path, file: str, text: str) -> None:
    (root / file).write_text(text)
    assert found(root) == {"first-lib": "1.0", "gone": ""}


def test_the_metadata_of_one_that_is_installed_goes_first(root: Path, site: Path) -> None:
    install(site, "shop", {"shop.py": ""}, requires=("second-lib",))
    (root / "pyproject.toml").write_text('[project]\nname = "shop"\ndependencies = ["first-lib"]\n')
    assert found(root) == {"second-lib": "2.5"}


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("first-lib; python_version > '3'", {"first-lib": "1.0"}),
        ("first-lib; python_version < '3'", {}),
        ("first-lib; extra == 'fast'", {}),
    ],
)
def test_markers_and_extras(root: Path, site: Path, line: str, expected: dict[str, str]) -> None:
    install(site, "shop", {"shop.py": ""}, requires=(line,))
    (root / "pyproject.toml").write_text('[project]\nname = "shop"\n')
    assert found(root) == expected


def test_depth(root: Path) -> None:
    (root / "requirements.txt").write_text("first-lib\n")
    assert found(root) == {"first-lib": "1.0"}
    assert found(root, 2) == {"first-lib": "1.0", "second-lib": "2.5", "gone": ""}
    assert found(root, 9) == found(root, 2)


def test_what_it_stands_on_and_what_can_be_imported(root: Path) -> None:
    (root / "requirements.txt").write_text("first-lib\nsecond-lib\ngone\n")
    first, gone, second = dependencies_of(root, depth=1)
    assert first.stands_on == ("second-lib 2.5",)
    assert [modules_in(one) for one in (first, gone, second)] == [
        ("first",),
        (),
        ("second.errors",),  # of a namespace package; private modules are nobody's
    ]


def test_nothing_says_it(root: Path) -> None:
    with pytest.raises(PortableErrorsError, match="nothing in .* says what the project requires"):
        dependencies_of(root, depth=1)
