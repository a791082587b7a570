"""What is the project's is decided by files and metadata. (Real installs of many build back ends
come with the receiver's own matrix.)"""

from __future__ import annotations

import json
import sys
from importlib import metadata
from pathlib import Path

import pytest

from pytest_portable_errors.sender.distributions import owners_of_modules
from pytest_portable_errors.sender.project import find_project
from pytest_portable_errors.sender.project_context import ProjectContext


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder on the path that is a site directory, because it holds a dist-info."""
    folder = tmp_path / "site"
    folder.mkdir()
    install(folder, "third-party", {"third/__init__.py": "", "spaces/theirs/__init__.py": ""})
    monkeypatch.syspath_prepend(folder)
    return folder


def install(
    site: Path, name: str, files: dict[str, str], *, url: str | None = None, editable: bool = False
) -> None:
    """Lay out an installed distribution as pip would."""
    info = site / f"{name.replace('-', '_')}-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
    for file, text in files.items():
        (site / file).parent.mkdir(parents=True, exist_ok=True)
        (site / file).write_text(text)
    (info / "RECORD").write_text(
        "".join(f"{file},,\n" for file in [*files, f"{info.name}/METADATA"])
    )
    if url is not None:
        (info / "direct_url.json").write_text(
            json.dumps({"url": url, "dir_info": {"editable": editable}})
        )


def root_with(tmp_path: Path, pyproject: str = "") -> ProjectContext:
    root = tmp_path / "repo"
    root.mkdir(exist_ok=True)
    (root / "pyproject.toml").write_text(pyproject)
    return ProjectContext(root=root)


def test_by_its_name(tmp_path: Path, site: Path) -> None:
    install(site, "My-Shop", {"shop/__init__.py": "", "shop/errors.py": "", "shop_cli.py": ""})
    for table in ("[project]", "[tool.poetry]"):
        project = find_project(root_with(tmp_path, f'{table}\nname = "my.shop"\n'))
        assert "My-Shop" in project.distributions
        assert project.installed_modules == ("shop", "shop_cli") or {"shop", "shop_cli"} <= set(
            project.installed_modules
        )


def test_by_the_folder_that_it_was_installed_from(tmp_path: Path, site: Path) -> None:
    context = root_with(tmp_path)
    for number, folder in enumerate(
        (context.root, context.root.parent, context.root / "packages" / "a")
    ):
        install(site, f"related{number}", {f"related{number}.py": ""}, url=folder.as_uri())
    install(site, "unrelated", {"unrelated.py": ""}, url=(tmp_path / "elsewhere").as_uri())
    found = find_project(context)
    assert {"related0", "related1", "related2"} <= set(found.distributions)
    assert "unrelated" not in found.distributions


def test_every_editable_distribution_wherever_it_points(tmp_path: Path, site: Path) -> None:
    install(site, "edited", {"edited.py": ""}, url=(tmp_path / "elsewhere").as_uri(), editable=True)
    assert "edited" in find_project(root_with(tmp_path)).distributions


def test_a_namespace_is_shared_with_others(tmp_path: Path, site: Path) -> None:
    install(
        site,
        "ours",
        {"spaces/ours/__init__.py": "", "spaces/ours/errors.py": "", "spaces/single.py": ""},
    )
    modules = find_project(root_with(tmp_path, '[project]\nname = "ours"\n')).installed_modules
    assert {"spaces.ours", "spaces.single"} <= set(modules)
    assert "spaces" not in modules


def test_paths(tmp_path: Path, site: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = tmp_path / "repo" / "src"
    source.mkdir(parents=True)
    monkeypatch.syspath_prepend(source)
    project = find_project(root_with(tmp_path))
    without, stdlib, with_ = (
        project.imports(name).path or () for name in ("without-project", "stdlib", "with-project")
    )
    assert str(site) in without
    assert str(source) not in without
    assert str(site) not in stdlib
    assert str(source) in with_
    assert with_ == tuple(dict.fromkeys(entry or str(Path.cwd()) for entry in sys.path))


def test_owning_and_testing_are_told_by_file(
    tmp_path: Path, site: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import importlib

    source = tmp_path / "repo"
    source.mkdir()
    for name in ("own_module", "test_own_module", "third_module"):
        folder = site if name == "third_module" else source
        (folder / f"{name}.py").write_text("")
    monkeypatch.syspath_prepend(source)
    project = find_project(root_with(tmp_path))
    for name in ("own_module", "test_own_module", "third_module"):
        importlib.import_module(name)
    assert project.owns("own_module")
    assert not project.is_test("own_module")
    assert project.is_test("test_own_module")
    assert not project.owns("third_module")
    assert not project.owns("json")
    for name in ("own_module", "test_own_module", "third_module"):
        del sys.modules[name]


def test_who_brings_a_module(site: Path) -> None:
    files = {
        "shop/__init__.py": "",
        "shop_cli.py": "",
        "_speed.cpython-311-x86_64-linux-gnu.so": "",
        "spaces/ours/__init__.py": "",
        "__pycache__/shop_cli.cpython-311.pyc": "",
        "../../../bin/shop": "",
        "shop.pth": "",
    }
    install(site, "My-Shop", files)
    owners_of_modules.cache_clear()
    own = {top: names for top, names in owners_of_modules().items() if "My-Shop" in names}
    assert own == {
        "shop": ["My-Shop"],
        "shop_cli": ["My-Shop"],
        "_speed": ["My-Shop"],
        "spaces": ["My-Shop", "third-party"],
    }
    owners_of_modules.cache_clear()


def test_as_importlib_has_it() -> None:
    owners_of_modules.cache_clear()
    expected = metadata.packages_distributions()
    for top, names in owners_of_modules().items():
        assert set(names) <= set(expected[top]), top
