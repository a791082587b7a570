"""However a project is built and installed, the receivers know what is its own. (Real back ends,
real pip, real environments.)"""

from __future__ import annotations

import operator
import shutil
from pathlib import Path

import pytest
from in_matrix import MATRIX
from isolation import projects
from isolation.environments import Bench
from isolation.projects import Project

NAME = operator.attrgetter("name")
# One for each back end; and layouts that it installs alike unless they are editable.
BACKENDS = (
    projects.FLAT,
    projects.HATCHLING,
    projects.FLIT,
    projects.PDM,
    projects.UV,
    projects.POETRY,
    projects.MESON,
)
LAYOUTS = (projects.SRC, projects.MAPPED, projects.HATCHLING_EXACT)
NAMESPACES = [
    (projects.NAMESPACED, "editable"),
    (projects.NAMESPACED_MAPPED, "editable"),
    (projects.NAMESPACED, "folder"),
    (projects.NAMESPACED, "wheel"),
]

pytestmark = MATRIX


def requirements(paths: list[Path], how: str) -> list[str]:
    """What pip calls these folders or wheels, to install them so."""
    return [f"--editable={path}" if how == "editable" else str(path) for path in paths]


@pytest.mark.parametrize("project", [*BACKENDS, *LAYOUTS], ids=NAME)
def test_editable(bench: Bench, project: Project) -> None:
    if project is projects.MESON and shutil.which("ninja") is None:
        pytest.skip(
            "an editable install by meson-python runs ninja when it is imported, and there is none"
        )
    environment, root = bench.environment(), project.write(bench.new_folder())
    environment.install("--editable", root)
    found = environment.probe(root, project, as_script=True)
    assert found.imported_from(root)
    assert found.deviations(project) == []


@pytest.mark.parametrize("project", [*BACKENDS, projects.MAPPED], ids=NAME)
def test_from_its_folder(bench: Bench, project: Project) -> None:
    environment, root = bench.environment(), project.write(bench.new_folder())
    environment.install(root)
    found = environment.probe(root, project, as_script=True)
    assert found.imported_from(environment.site_packages)
    assert found.deviations(project) == []


@pytest.mark.parametrize("project", [projects.FLAT, projects.POETRY], ids=NAME)
def test_from_its_wheel(bench: Bench, project: Project) -> None:
    """As tox and nox do. Nothing in the metadata leads to the folder; the name does."""
    environment, root = bench.environment(), project.write(bench.new_folder())
    environment.install(bench.wheel(root))
    found = environment.probe(root, project, as_script=True)
    assert found.imported_from(environment.site_packages)
    assert found.deviations(project) == []
    # `python -m pytest` has another copy in the current folder, before the installed one
    if project is projects.FLAT:
        found = environment.probe(root, project)
        assert found.imported_from(root)
        assert found.deviations(project) == []


def test_strictly_editable(bench: Bench) -> None:
    """The path leads to a tree of links in the build folder."""
    project = projects.FLAT
    environment, root = bench.environment(), project.write(bench.new_folder())
    environment.install("--config-settings", "editable_mode=strict", "--editable", root)
    found = environment.probe(root, project, as_script=True)
    assert found.imported_from(root / "build")
    assert found.deviations(project) == []


@pytest.mark.parametrize(
    ("project", "how"), NAMESPACES, ids=lambda value: getattr(value, "name", value)
)
def test_a_namespace_package_with_a_third_partys_portion(
    bench: Bench, their_portion: Path, project: Project, how: str
) -> None:
    """Only the project's portion is absent."""
    environment, root = bench.environment(), project.write(bench.new_folder())
    environment.install(
        "--no-deps",
        their_portion,
        *requirements([bench.wheel(root) if how == "wheel" else root], how),
    )
    third_party = ("spaces", *projects.NAMESPACED_THEIRS.modules)
    found = environment.probe(root, project, third_party=third_party, as_script=True)
    assert found.imported_from(root if how == "editable" else environment.site_packages)
    assert found.deviations(project, third_party=third_party) == []


@pytest.mark.parametrize("how", ["editable", "folder"])
def test_the_virtual_environment_lies_in_the_project(bench: Bench, how: str) -> None:
    """What is installed there is not the project's, although it lies below the root."""
    project = projects.HATCHLING
    root = project.write(bench.new_folder())
    environment = bench.base.clone(root / ".venv")
    environment.install(*requirements([root], how))
    found = environment.probe(root, project, as_script=True)
    assert found.imported_from(root / "src" if how == "editable" else environment.site_packages)
    assert found.deviations(project) == []


@pytest.mark.parametrize("how", ["editable", "folder"])
def test_two_projects_in_one_repository(bench: Bench, how: str) -> None:
    """Seen from the root above both are the project's, whichever one's tests run; so is an editable
    one, seen from the other's root."""
    environment, repository = bench.environment(), bench.new_folder()
    (repository / "pytest.ini").write_text("[pytest]\n", encoding="utf-8")
    one, other = projects.HATCHLING, projects.SRC
    roots = [project.write(repository / "packages" / project.name) for project in (one, other)]
    environment.install(*requirements(roots, how))
    for root in roots:
        tests = str(root.relative_to(repository) / "tests")
        assert (
            environment.probe(
                repository, one, other, arguments=(tests,), as_script=True
            ).deviations(one, other)
            == []
        )
    if how == "editable":
        found = environment.probe(
            roots[1], one, other, arguments=("-c", "pyproject.toml", "tests"), as_script=True
        )
        assert found.deviations(one, other) == []


def test_from_its_wheel_named_in_setup_cfg(bench: Bench) -> None:
    project = projects.SETUP_CFG
    environment, root = bench.environment(), project.write(bench.new_folder())
    environment.install(bench.wheel(root))
    assert environment.probe(root, project, as_script=True).deviations(project) == []


def test_from_its_wheel_below_the_root(bench: Bench) -> None:
    """One of several projects in a repository; its own pyproject.toml names it, beside its
    tests."""
    project, repository = projects.HATCHLING, bench.new_folder()
    (repository / "pytest.ini").write_text("[pytest]\n", encoding="utf-8")
    root = project.write(repository / "packages" / project.name)
    environment = bench.environment()
    environment.install(bench.wheel(root))
    found = environment.probe(
        repository,
        project,
        arguments=(str(root.relative_to(repository) / "tests"),),
        as_script=True,
    )
    assert found.deviations(project) == []


@pytest.mark.parametrize("plain_call", [False, True])
def test_tests_that_are_installed_with_the_project(bench: Bench, plain_call: bool) -> None:
    """They are absent because pytest collected them, wherever they lie and whatever they are
    called."""
    environment = bench.environment()
    root = projects.SHIPPED_TESTS.write(bench.new_folder())
    environment.install(bench.wheel(root))
    arguments = ("--pyargs", f"{projects.SHIPPED_TESTS.imported_as}.checks.probe")
    found = environment.probe(
        root, projects.SHIPPED_TESTS, arguments=arguments, as_script=True, plain_call=plain_call
    )
    assert found.test_module == "shop_shipped.checks.probe"
    assert found.deviations(projects.SHIPPED_TESTS) == []
