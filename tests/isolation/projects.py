"""Small real projects, one for each build back end and way to lay out files."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

PROBE = Path(__file__).with_name("probe.py")
ERRORS = "class Refused(Exception):\n    pass\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class Project:
    """A project with one package, one module of errors, and the probe as its test."""

    name: str
    """Its distribution's."""
    pyproject: str
    """Text of its ``pyproject.toml``; ``{name}`` and ``{module}`` are filled in, as in
    ``files``."""
    package: str
    """Folder of its package, from the root."""
    module: str = ""
    """Importable name of the package. Empty: the distribution's name with underscores."""
    files: Mapping[str, str] = field(default_factory=dict)
    """More files: text by path from the root."""
    probe: str = "tests/test_probe.py"
    """Where the probe goes, from the root."""

    @property
    def imported_as(self) -> str:
        return self.module or self.name.replace("-", "_")

    @property
    def modules(self) -> tuple[str, str]:
        return self.imported_as, f"{self.imported_as}.errors"

    def write(self, root: Path) -> Path:
        """Lay it out; gives the root."""
        texts = {
            "pyproject.toml": self.pyproject,
            f"{self.package}/__init__.py": "",
            f"{self.package}/errors.py": ERRORS,
            "tests/conftest.py": "",
            **self.files,
        }
        for path, text in texts.items():
            _write(root / path, text.format(name=self.name, module=self.imported_as))
        _write(root / self.probe, PROBE.read_text(encoding="utf-8"))
        return root


def _write(file: Path, text: str) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, encoding="utf-8")


PROJECT_TABLE = '[project]\nname = "{name}"\nversion = "1.0"\ndescription = "A shop"\n'
POETRY_TABLE = """[tool.poetry]
name = "{name}"
version = "1.0"
description = "A shop"
authors = []
packages = [{{ include = "{module}", from = "src" }}]
"""


def built_by(requirement: str, backend: str, more: str = "", *, table: str = PROJECT_TABLE) -> str:
    """A ``pyproject.toml``."""
    return (
        f'{table}\n[build-system]\nrequires = ["{requirement}"]\nbuild-backend = '
        f'"{backend}"\n\n{more}'
    )


SETUPTOOLS = built_by("setuptools>=64", "setuptools.build_meta")
PACKAGE_DIR = (
    "[tool.setuptools]\npackages = "
    '["{module}"]\n[tool.setuptools.package-dir]\n"{module}" = "lib/code"\n'
)

SRC = Project(name="shop-src", pyproject=SETUPTOOLS, package="src/shop_src")
# editable: a finder hook
FLAT = Project(name="shop-flat", pyproject=SETUPTOOLS, package="shop_flat")
# editable: a finder hook
MAPPED = Project(name="shop-mapped", pyproject=SETUPTOOLS + PACKAGE_DIR, package="lib/code")
HATCHLING = Project(
    name="shop-hatch", pyproject=built_by("hatchling", "hatchling.build"), package="src/shop_hatch"
)
HATCHLING_EXACT = Project(  # editable: the finder hook of the distribution `editables`
    name="shop-exact",
    pyproject=built_by(
        "hatchling", "hatchling.build", "[tool.hatch.build]\ndev-mode-exact = true\n"
    ),
    package="src/shop_exact",
)
FLIT = Project(
    name="shop-flit",
    pyproject=built_by("flit_core>=3.4", "flit_core.buildapi"),
    package="src/shop_flit",
)
PDM = Project(
    name="shop-pdm", pyproject=built_by("pdm-backend", "pdm.backend"), package="src/shop_pdm"
)
UV = Project(name="shop-uv", pyproject=built_by("uv_build", "uv_build"), package="src/shop_uv")
POETRY = Project(  # named by Poetry's own table
    name="shop-poetry",
    pyproject=built_by("poetry-core", "poetry.core.masonry.api", table=POETRY_TABLE),
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
SETUP_CFG = Project(  # named there, and nowhere else
    name="shop-cfg",
    pyproject=(
        '[build-system]\nrequires = ["setuptools>=64"]\nbuild-backend = "setuptools.build_meta"\n'
    ),
    package="src/shop_cfg",
    files={
        "setup.cfg": "[metadata]\nname = {name}\nversion = 1.0\n"
        "[options]\npackage_dir =\n  = src\npackages = find:\n[options.packages.find]\nwhere = "
        "src\n"
    },
)
SHIPPED_TESTS = Project(
    name="shop-shipped",
    pyproject=SETUPTOOLS + '[tool.pytest.ini_options]\npython_files = "probe.py"\n',
    package="src/shop_shipped",
    files={"src/shop_shipped/checks/__init__.py": ""},
    probe="src/shop_shipped/checks/probe.py",
)

NAMESPACED = Project(
    name="spaces-ours", module="spaces.ours", pyproject=SETUPTOOLS, package="src/spaces/ours"
)
NAMESPACED_MAPPED = Project(  # editable: a finder hook, and another one for the namespace
    name="spaces-mapped",
    module="spaces.mapped",
    pyproject=SETUPTOOLS + PACKAGE_DIR,
    package="lib/code",
)
NAMESPACED_THEIRS = Project(
    name="spaces-theirs", module="spaces.theirs", pyproject=SETUPTOOLS, package="src/spaces/theirs"
)
