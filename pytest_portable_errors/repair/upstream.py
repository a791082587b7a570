"""Writes the text of an issue for the authors of a package, with a patch that was proved.

The package is copied, the copy is repaired as a project of one's own would be, and what has changed
is the patch.
"""

from __future__ import annotations

import importlib.util
import json
import os
import pickle
import platform
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Any

from pytest_portable_errors.building.calls import ways
from pytest_portable_errors.diagnosis.explain import first_sentence
from pytest_portable_errors.diagnosis.shown import short_name
from pytest_portable_errors.errors import PortableErrorsError
from pytest_portable_errors.repair.diffs import unified_diff
from pytest_portable_errors.repair.proof import named_class
from pytest_portable_errors.sender.distributions import owners_of_modules

_ROUNDS = 3  # of repairs: a class may have one defect behind another
_MOST_CALLS = 30  # of one class, that are tried for the script
_PLAIN = (str, int, float, bool, bytes, type(None))


@dataclass(frozen=True, slots=True, kw_only=True)
class Upstream:
    """What the authors of a package are told."""

    package: str
    version: str
    """Empty if no distribution says it."""
    checked: int
    """How many exception classes were checked."""
    defects: Sequence[dict[str, Any]]
    """Those of the JSON report."""
    left: Sequence[dict[str, Any]]
    """Those that the patch does not repair."""
    script: str
    """Python that shows one of them; empty if none can be shown so shortly."""
    output: str
    """What it prints."""
    patch: str
    """A unified diff; empty if nothing could be repaired."""

    def markdown(self) -> str:
        """The text of the issue."""
        return "\n".join(self._lines()).rstrip() + "\n"

    def _lines(self) -> Iterator[str]:
        broken = sorted({defect["cls"] for defect in self.defects})
        name = f"{self.package} {self.version}".rstrip()
        if not broken:
            yield f"# {name}: all {self.checked} exception classes survive pickle"
            return
        yield f"# {len(broken)} of {self.checked} exception classes do not survive pickle"
        yield ""
        yield (
            f"{name}, Python {platform.python_version()}, {platform.system()}. An exception that a "
            "worker raises is pickled and rebuilt in another process (Celery, Dask, Ray, a process "
            "pool). These cannot be, or arrive changed:"
        )
        causes: dict[str, list[str]] = {}
        for defect in self.defects:
            causes.setdefault(defect["cause"], []).append(short_name(defect["cls"]))
        for cause in sorted(causes, key=lambda cause: (-len(causes[cause]), cause)):
            yield ""
            yield f"## {_sentence(cause)}"
            yield ""
            yield from (f"- `{cls}`" for cls in sorted(set(causes[cause])))
        if self.script:
            yield from ("", "## Shown with the standard library alone", "", "```python")
            yield from (self.script.rstrip(), "```", "", "```", self.output.rstrip(), "```")
        if self.patch:
            whole = len(broken) - len({defect["cls"] for defect in self.left})
            yield from ("", "## Patch", "")
            yield (
                f"With it {whole} of {len(broken)} arrive whole: each was sent to a fresh "
                "interpreter from a patched copy of the package."
            )
            if self.left:
                rest = ", ".join(sorted({f"`{short_name(one['cls'])}`" for one in self.left}))
                yield f"Not repaired: {rest}."
            yield from ("", "```diff", self.patch.rstrip("\n"), "```")


def upstream(package: str, *, report: Path | None = None) -> Upstream:
    """Survey a package, repair a copy of it, and make the text for its authors.

    Args:
        package: The name of a package that is installed, or of a suite.
        report: A JSON report of an earlier run on it, whose defects are told; None: the survey's.

    Raises:
        PortableErrorsError: There is no such package, it has no source, or the survey cannot run.
        OSError: The report cannot be read.
    """
    source = _source_of(package)
    with tempfile.TemporaryDirectory(prefix="portable-errors-") as folder:
        root = Path(folder)
        copy = root / source.name
        if source.is_dir():
            shutil.copytree(source, copy, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy2(source, copy)
        (root / "pytest.ini").write_text("[pytest]\n", encoding="utf-8")
        first = _repaired(package, root)
        last = first
        for _ in range(_ROUNDS):
            if not last["defects"]:
                break
            before = last
            last = _repaired(package, root)
            if len(last["defects"]) == len(before["defects"]):
                break
        patch = "".join(_diff(source, copy))
        told = first if report is None else json.loads(report.read_text(encoding="utf-8"))
        script, output = _shown(told["defects"])
    return Upstream(
        package=package,
        version=_version_of(package),
        checked=len(told["classes"]),
        defects=told["defects"],
        left=last["defects"],
        script=script,
        output=output,
        patch=patch,
    )


def _source_of(package: str) -> Path:
    """The folder of a package, or the file of a module at the top."""
    top = package.partition(".")[0]
    try:
        spec = importlib.util.find_spec(top)
    except (ImportError, ValueError) as error:
        raise PortableErrorsError(f"upstream: {top}: {error}") from error
    origin = None if spec is None else spec.origin
    if origin is None or not os.path.isfile(origin) or not origin.endswith(".py"):
        raise PortableErrorsError(
            f"upstream: {top} is not installed here as a package with source: pip install {top}"
        )
    file = Path(origin)
    return file.parent if file.name == "__init__.py" else file


def _version_of(package: str) -> str:
    names = owners_of_modules().get(package.partition(".")[0], [])
    return metadata.version(names[0]) if names else ""


def _repaired(package: str, root: Path) -> dict[str, Any]:
    """Repair the copy, whose classes are a project's own, by a run of pytest.

    Returns:
        The run's JSON report: what it has met before it wrote.
    """
    report = root / "report.json"
    report.unlink(missing_ok=True)
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        f"--rootdir={root}",
        "-c",
        str(root / "pytest.ini"),
        "-p",
        "no:cacheprovider",
        f"--portable-errors-suite={package}",
        "--portable-errors-receiver=with-project",
        f"--portable-errors-report={report}",
        "--portable-errors-fix",
    ]
    paths = [str(root), *filter(None, [os.environ.get("PYTHONPATH")])]
    done = subprocess.run(
        command,
        cwd=root,
        env={
            **os.environ,
            "PYTHONPATH": os.pathsep.join(paths),
            "LITELLM_LOCAL_MODEL_COST_MAP": "True",
        },
        capture_output=True,
        text=True,
        check=False,
    )
    if not report.exists():
        last = (done.stdout.strip() or done.stderr.strip())[-300:]
        raise PortableErrorsError(f"upstream: {package} cannot be surveyed: {last}")
    content: dict[str, Any] = json.loads(report.read_text(encoding="utf-8"))
    return content


def _diff(source: Path, copy: Path) -> Iterator[str]:
    """What has changed in the copy, as a diff from the folder that holds the package."""
    files = sorted(copy.rglob("*.py")) if copy.is_dir() else [copy]
    for file in files:
        original = source / file.relative_to(copy) if copy.is_dir() else source
        name = original.relative_to(source.parent).as_posix()
        yield unified_diff(name, original.read_bytes(), file.read_bytes())


def _sentence(cause: str) -> str:
    try:
        return first_sentence(cause).rstrip(".")
    except PortableErrorsError:
        return cause


def _shown(defects: Sequence[dict[str, Any]]) -> tuple[str, str]:
    """A script of a few lines that shows a defect, and what it prints; two "" if there is none."""
    for name in sorted({defect["cls"] for defect in defects}, key=lambda name: (len(name), name)):
        script = _script(name)
        if not script:
            continue
        done = subprocess.run(
            [sys.executable, "-c", script],
            capture_output=True,
            text=True,
            env={**os.environ, "LITELLM_LOCAL_MODEL_COST_MAP": "True"},
            check=False,
        )
        output = done.stdout.strip()
        if output:
            return script, output
    return "", ""


def _script(name: str) -> str:
    """Python that pickles an instance of a class and prints what is lost; "" if it has no short
    call."""
    cls = named_class(name)
    call = None if cls is None else _short_call(cls)
    if cls is None or call is None:
        return ""
    qualname = cls.__qualname__
    return (
        "import pickle\n\n"
        f"from {cls.__module__} import {qualname.partition('.')[0]}\n\n"
        f"error = {qualname}({call})\n"
        "try:\n"
        "    again = pickle.loads(pickle.dumps(error))\n"
        "except Exception as failure:\n"
        '    print("does not arrive:", repr(failure))\n'
        "else:\n"
        '    print("before:", str(error), error.args, vars(error))\n'
        '    print("after: ", str(again), again.args, vars(again))\n'
    )


def _short_call(cls: type[BaseException]) -> str | None:
    """The arguments of a call that works and shows a defect, of plain values alone."""
    for _, calls in ways(cls, {}):
        for _, call in zip(range(_MOST_CALLS), calls, strict=False):
            values = [value for _, value in call.positional]
            if not all(type(value) in _PLAIN for value in (*values, *call.keyword.values())):
                continue
            try:
                error = cls(*values, **call.keyword)
            except Exception:  # the package's code
                continue
            try:
                again = pickle.loads(pickle.dumps(error))
            except Exception:  # the package's code
                pass
            else:
                if (str(error), error.args, vars(error)) == (str(again), again.args, vars(again)):
                    continue
            named = (f"{name}={value!r}" for name, value in call.keyword.items())
            return ", ".join([*map(repr, values), *named])
    return None


def add_upstream(commands: Any) -> None:
    """Declare the subcommand; ``commands`` is what ``add_subparsers`` gave."""
    parser = commands.add_parser(
        "upstream",
        help="the text of an issue for a package's authors, with a patch that was proved",
        description="Survey an installed package, repair a copy of it, and print Markdown to open "
        "an issue with: its classes by cause, a script that shows one without this plugin, and a "
        "patch against the installed source. The package itself is not changed.",
    )
    parser.add_argument("package", metavar="PACKAGE", help="its name, e.g. litellm")
    parser.add_argument(
        "--report", metavar="FILE", type=Path, help="tell the defects of this JSON report"
    )
    parser.add_argument(
        "--patch", metavar="FILE", type=Path, help="write the patch to a file of its own as well"
    )
