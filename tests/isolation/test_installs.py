"""However a project is built and installed, the receivers know what is its own. (Real back ends, real pip, real environments.)"""

from __future__ import annotations

from isolation.environments import Findings, Project

PROJECT = '[project]\nname = "{name}"\nversion = "1.0"\ndescription = "A shop"\n'


def built_by(requirement: str, backend: str, more: str = "", *, table: str = PROJECT) -> str:
    return f'{table}\n[build-system]\nrequires = ["{requirement}"]\nbuild-backend = "{backend}"\n\n{more}'


SETUPTOOLS = built_by("setuptools>=64", "setuptools.build_meta")

SRC = Project(name="shop-src", pyproject=SETUPTOOLS, package="src/shop_src")
FLAT = Project(name="shop-flat", pyproject=SETUPTOOLS, package="shop_flat")  # editable: a finder hook
MAPPED = Project(  # editable: a finder hook
    name="shop-mapped",
    pyproject=SETUPTOOLS + '[tool.setuptools]\npackages = ["{module}"]\n[tool.setuptools.package-dir]\n"{module}" = "lib/code"\n',
    package="lib/code",
)
HATCHLING = Project(name="shop-hatch", pyproject=built_by("hatchling", "hatchling.build"), package="src/shop_hatch")
HATCHLING_EXACT = Project(  # editable: a finder hook of the distribution `editables`
    name="shop-exact",
    pyproject=built_by("hatchling", "hatchling.build", "[tool.hatch.build]\ndev-mode-exact = true\n"),
    package="src/shop_exact",
)
FLIT = Project(name="shop-flit", pyproject=built_by("flit_core>=3.4", "flit_core.buildapi"), package="src/shop_flit")
PDM = Project(name="shop-pdm", pyproject=built_by("pdm-backend", "pdm.backend"), package="src/shop_pdm")
UV = Project(name="shop-uv", pyproject=built_by("uv_build", "uv_build"), package="src/shop_uv")
POETRY = Project(  # named by Poetry's own table, as most of its projects are
    name="shop-poetry",
    pyproject=built_by(
        "poetry-core",
        "poetry.core.masonry.api",
        table='[tool.poetry]\nname = "{name}"\nversion = "1.0"\ndescription = "A shop"\nauthors = []\n'
        'packages = [{{ include = "{module}", from = "src" }}]\n',
    ),
    package="src/shop_poetry",
)
MESON = Project(  # editable: a finder hook that builds the project anew when it is imported
    name="shop-meson",
    pyproject=built_by("meson-python", "mesonpy"),
    package="src/shop_meson",
    files={
        "meson.build": "project('{name}', version: '1.0')\n"
        "import('python').find_installation(pure: true).install_sources(\n"
        "  'src/{module}/__init__.py', 'src/{module}/errors.py', subdir: '{module}')\n"
    },
)

PROJECTS = (SRC, FLAT, MAPPED, HATCHLING, HATCHLING_EXACT, FLIT, PDM, UV, POETRY, MESON)


def in_each_place(findings: Findings, module: str) -> tuple[bool, bool, bool]:
    """Whether a module is there: sender, without-project, with-project."""
    sender, without, with_project = (findings.has(place, module) for place in ("sender", "without-project", "with-project"))
    return sender, without, with_project


def assert_isolated(findings: Findings, *projects: Project) -> None:
    for project in projects:
        for module in (project.imported_as, f"{project.imported_as}.errors"):
            assert in_each_place(findings, module) == (True, False, True)
    assert findings.has("sender", findings.test_module)
    for receiver in ("without-project", "with-project"):
        for module in (findings.test_module, "test_probe", "tests.test_probe", "conftest"):
            assert not findings.has(receiver, module)
    for module in ("pluggy", "cloudpickle"):
        assert in_each_place(findings, module) == (True, True, True)
    for place in ("sender", "without-project", "with-project"):
        assert findings.has_distribution(place, "pytest")
        assert findings.has_distribution(place, "pluggy")
    assert findings.journey == {
        "error": "builtins.ModuleNotFoundError",
        "cause": "module-not-installed",
        "arrives_with_project": True,
    }


def assert_installed_and_isolated(findings: Findings, *projects: Project) -> None:
    assert_isolated(findings, *projects)
    for project in projects:
        assert findings.has_distribution("sender", project.name)
        assert not findings.has_distribution("without-project", project.name)
        assert findings.has_distribution("with-project", project.name)
