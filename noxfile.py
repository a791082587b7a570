"""``nox`` runs a slice of the tests on every supported Python and pytest, with and without
pytest-xdist, on the built wheel.

``nox -s "tests(python='3.12', pytest='8.4', xdist=True)" -- tests`` runs all tests in one cell that
``pytest`` runs by default; ``nox -s matrix`` those that wait to be asked for; ``nox -s oldest
litellm`` the oldest versions of what pyproject.toml allows. Needs the Pythons on the PATH, as pyenv
or uv provide them; a session whose Python is not there is skipped, and says so.
"""

from __future__ import annotations

import re
import shutil
import tempfile
from pathlib import Path

import nox

PYTHONS = ("3.10", "3.11", "3.12", "3.13", "3.14", "3.15")
PYTESTS = ("7.4", "8.0", "8.4", "9")
# What touches pytest and the receiver most; the rest is about plain data.
SLICE = (
    "tests/end_to_end/test_marker.py",
    "tests/end_to_end/test_fixture.py",
    "tests/end_to_end/test_outcomes.py",
    "tests/end_to_end/test_capture.py",
    "tests/end_to_end/test_expectations.py",
    "tests/end_to_end/test_unused.py",
    "tests/end_to_end/test_sample_repo.py",
    "tests/receiver/test_check.py",
    "tests/diagnosis/test_primitive.py",
)
NEEDED = ("hypothesis", "jsonschema", "pytest-asyncio", "tblib", "jinja2")
"""What those tests import."""
PURE = (
    *(
        "diagnosis/*",
        "receiver/record.py",
        "receiver/values.py",
        "receiver/fields.py",
        "receiver/messages.py",
    ),
    *(
        "judging/shapes.py",
        "judging/verdicts.py",
        "report/baseline.py",
        "report/defect.py",
        "report/rows.py",
        "report/tally.py",
    ),
    *("sender/known_missing.py", "sender/trip.py"),
)
"""Plain data in, plain data out: each branch of it is taken by a test."""
MEASURED = ("diagnosis", "judging", "receiver", "report", "run", "sender", "survey", "test_*.py")
"""What calls the pure core, in tests/. A receiver that is measured is not as isolated as one that
is not."""

LITELLM_WITHOUT_NETWORK = {"LITELLM_LOCAL_MODEL_COST_MAP": "True"}
"""Importing LiteLLM asks the network for its price list, unless it is told not to."""

_GITLEAKS = "https://github.com/gitleaks/gitleaks"

nox.options.sessions = ["tests", "oldest", "litellm"]
nox.options.default_venv_backend = "virtualenv"


def wheel(session: nox.Session) -> str:
    """The built wheel: what is installed is what a user gets, and not the checkout."""
    folder = Path(session.create_tmp())
    session.run(
        "python",
        "-m",
        "pip",
        "wheel",
        "--quiet",
        "--no-deps",
        "--wheel-dir",
        str(folder),
        ".",
        silent=True,
    )
    return str(next(folder.glob("*.whl")))


def lowest(requirement: str) -> str:
    """The oldest version that a requirement of pyproject.toml allows."""
    return re.sub(r">=([\d.]+).*", r"==\1", requirement)


def run(session: nox.Session, *options: str) -> None:
    """Run the slice, or what was given after ``--``, and see that the wheel is what is tested."""
    where = session.run(
        "python", "-I", "-c", "import pytest_portable_errors as p; print(p.__file__)", silent=True
    )
    assert "site-packages" in str(where), where
    session.run("pytest", "-q", "-p", "no:cacheprovider", *options, *(session.posargs or SLICE))


@nox.session(python=PYTHONS)
@nox.parametrize("xdist", [False, True])
@nox.parametrize("pytest", PYTESTS)
def tests(session: nox.Session, pytest: str, xdist: bool) -> None:
    """One cell."""
    session.install(
        wheel(session), f"pytest=={pytest}.*", *NEEDED, *(["pytest-xdist"] if xdist else [])
    )
    run(session, *(["-n", "2", "--dist", "loadfile"] if xdist else []))


@nox.session(python=PYTHONS[0])
def oldest(session: nox.Session) -> None:
    """The oldest version of each dependency that pyproject.toml allows."""
    declared = nox.project.load_toml("pyproject.toml")["project"]["dependencies"]
    session.install(wheel(session), *map(lowest, declared), *NEEDED)
    run(session)


@nox.session(python=PYTHONS[1])
def suites(session: nox.Session) -> None:
    """The suites of other libraries on the oldest versions that pyproject.toml allows, compared
    with plain pickle, and repaired. Five minutes."""
    declared = nox.project.load_toml("pyproject.toml")["project"]["optional-dependencies"]
    session.install(wheel(session), *map(lowest, declared["suites"]), *NEEDED)
    session.run(
        *("pytest", "-q", "-p", "no:cacheprovider"),
        *("-m", ""),  # those of the matrix, too
        *("tests/survey/suites", "tests/end_to_end/test_suites_repaired.py", *session.posargs),
    )


@nox.session(python=PYTHONS[1])
@nox.parametrize("version", ["==1.61.*", ""], ids=["oldest", "newest"])
def litellm(session: nox.Session, version: str) -> None:
    """The LiteLLM suite, on the oldest supported version and on the newest."""
    session.install(wheel(session), f"litellm{version}", *NEEDED, "pytest-xdist")
    session.run(
        "pytest",
        "-q",
        "-p",
        "no:cacheprovider",
        *("-m", ""),  # those of the matrix, too
        *(session.posargs or ["tests/end_to_end/test_suite.py"]),
        env=LITELLM_WITHOUT_NETWORK,
    )


@nox.session(python="3.12")
def fuzz(session: nox.Session) -> None:
    """10,000 mutations of what readers read; ``nox -s fuzz -- --seed 7`` makes others. Two
    minutes."""
    session.install(wheel(session))
    session.run("python", "tests/fuzz.py", *session.posargs)


@nox.session(python="3.12")
def secret_shapes(session: nox.Session) -> None:
    """Take the newest rules of gitleaks into ``diagnosis/gitleaks/shapes.json``."""
    with tempfile.TemporaryDirectory() as folder:
        session.run("git", "clone", "--depth=1", _GITLEAKS, folder, external=True)
        commit = session.run("git", "-C", folder, "rev-parse", "HEAD", external=True, silent=True)
        rules = f"{folder}/config/gitleaks.toml"
        session.run("python", "tests/refresh_secret_shapes.py", rules, str(commit).strip())


@nox.session(python="3.12")
def matrix(session: nox.Session) -> None:
    """What ``pytest`` leaves out by default: the tests of the marker ``matrix``. Ten minutes on two
    cores."""
    session.install(f"{wheel(session)}[test]")
    session.run(
        "pytest",
        "-q",
        "-p",
        "no:cacheprovider",
        *("-m", "matrix", "-n", "2", "--dist", "loadfile"),
        *session.posargs,
        env=LITELLM_WITHOUT_NETWORK,
    )


@nox.session(python="3.12")
def pythons(session: nox.Session) -> None:
    """From every Python that is found to every other, 3.8 and PyPy among those that read: the
    verdict is what plain pickle does. Five minutes on two cores."""
    session.install(wheel(session), *NEEDED, "pytest-xdist")
    session.run(
        "pytest",
        "-q",
        *("-p", "no:cacheprovider", "-m", "pythons", "-n", "2"),
        *(session.posargs or ["tests/pythons", "tests/end_to_end/test_interpreters.py"]),
    )


CARRIERS = (
    *("pydocket", "dbos", "celery[redis]", "distributed", "loky", "multiprocess", "trio-parallel"),
    *("mpire", "parsl", "lithops", "ray", "prefect", "taskiq", "taskiq-redis", "temporalio"),
    *("apscheduler==4.0.0a6", "sqlalchemy", "aiosqlite", "rpyc", "Pyro5", "dill", "tblib"),
    *("pysqlite3-binary", "joblib", "torch==2.13.0"),
)
"""What brings the carriers, and what the real ones need beside. arq asks for a Redis client that is
too old for Docket, and works with the new one."""


@nox.session(python="3.11")
def carriers(session: nox.Session) -> None:
    """Each carrier and each probe, by the plugin and by the real one; then ``docs/carriers.md``.

    Needs ``redis-server``, of Debian's package. An hour on two cores.
    """
    session.install("-e", ".", *NEEDED, "pytest-xdist", *CARRIERS)
    session.install("--no-deps", "arq")
    session.run(
        "pytest",
        "-q",
        *("-p", "no:cacheprovider", "-m", "carriers or not carriers", "-n", "2"),
        *(session.posargs or ["tests/real_carriers", "tests/sender/carriers"]),
    )
    session.run("python", "docs/carriers.py")


@nox.session(python="3.11")
def dependencies(session: nox.Session) -> None:
    """Compare the survey of forty libraries with plain pickle, by hand."""
    project = nox.project.load_toml("tests/newcomers/dependencies/pyproject.toml")
    session.install(wheel(session), *NEEDED, *project["project"]["dependencies"])
    session.run(
        *("pytest", "-q", "-m", "matrix", "-p", "no:cacheprovider"),
        "tests/newcomers/test_dependencies.py",
    )


@nox.session(python="3.11")
def atlas(session: nox.Session) -> None:
    """Survey a hundred libraries, each in an environment of its own, for docs/atlas.md."""
    session.install("uv")
    session.run("python", "docs/atlas.py", wheel(session), *session.posargs)


@nox.session(python="3.12")
def bench(session: nox.Session) -> None:
    """What the plugin costs, as ratios in one run, against ``tests/benchmarks/ratios.json``: fails
    beyond 15 %. After ``--`` a revision or a wheel to compare with: ``nox -s bench -- HEAD~1``.
    Ten minutes on two quiet cores.
    """
    needed = ("litellm", "pytest-xdist")
    session.install(wheel(session), *needed)
    against = []
    for other in session.posargs[:1]:
        folder = Path(session.create_tmp()) / "other"
        shutil.rmtree(folder, ignore_errors=True)
        session.run("python", "-m", "venv", str(folder), silent=True)
        python = str(folder / "bin" / "python")
        source = other if other.endswith(".whl") else f"git+file://{Path.cwd()}@{other}"
        session.run(python, "-m", "pip", "install", "--quiet", source, *needed, external=True)
        against = ["--against", python]
    session.run("python", "tests/benchmarks/ratios.py", *against, *session.posargs[1:])


@nox.session(python="3.12")
def coverage(session: nox.Session) -> None:
    """Branch coverage, receivers included: what it is, and 100 % of the pure core. A quarter of an
    hour."""
    session.install(f"{wheel(session)}[test]", "coverage>=7.10")
    site = Path(
        str(
            session.run(
                "python",
                "-c",
                "import sysconfig; print(sysconfig.get_path('purelib'))",
                silent=True,
            )
        ).strip()
    )
    package = site / "pytest_portable_errors"
    # A receiver of -I -S runs no .pth file of coverage's: the installed copy asks for it, on its
    # first line so that no other moves, and past the test that reads its imports.
    shutil.copy("tests/measured.py", site)
    start = package / "receiver" / "__main__.py"
    start.write_text(
        f"import sys; sys.path.append({str(site)!r}); __import__('measured'); sys.path.pop(); "
        f"{start.read_text()}"
    )
    environment = {
        "COVERAGE_FILE": f"{session.create_tmp()}/coverage",
        **LITELLM_WITHOUT_NETWORK,
    }
    session.run("coverage", "erase", env=environment)
    # not -m pytest, which would import the checkout
    pytest = [str(Path(session.bin) / "pytest"), "-q", "-p", "no:cacheprovider", "-m", ""]
    tests = session.posargs or [
        str(path) for name in MEASURED for path in sorted(Path("tests").glob(name))
    ]
    session.run("coverage", "run", f"--source={package}", *pytest, *tests, env=environment)
    session.run("coverage", "combine", "--quiet", env=environment)
    session.run("coverage", "report", "--skip-covered", env=environment)
    pure = ",".join(f"pytest_portable_errors/{name}" for name in PURE)
    session.run("coverage", "report", f"--include={pure}", "--fail-under=100", env=environment)
