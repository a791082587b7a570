"""Writes ``docs/atlas.md``, ``docs/atlas.json`` and the digest in the package: ``nox -s atlas``.

``python docs/atlas.py WHEEL [NAME...]``: each library, or those that are named, in an environment
of its own, newest versions. What is in ``atlas.json`` of others stays.
"""

from __future__ import annotations

import datetime
import json
import os
import platform
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent
LIBRARIES = FOLDER / "atlas_libraries.txt"
PAGE = FOLDER / "atlas.md"
DATA = FOLDER / "atlas.json"
DIGEST = FOLDER.parent / "pytest_portable_errors" / "report" / "atlas.json"
LONGEST = 900.0
"""Seconds for one library: its installation, and its survey."""
PROCESSOR = 90.0
"""Seconds of processor time for one survey, which tries fixes of all classes."""
AT_ONCE = os.cpu_count() or 1
BEGINNING = """\
# Atlas: what libraries raise, and what of it arrives

Made by `nox -s atlas`: each library was installed in an environment of its own, in the newest version that could be had, imported, and its exception classes were built and sent with pickle and cloudpickle to a fresh interpreter with the same packages.
Where there is a suite (`--portable-errors-suite`), its errors were raised by real calls as well.
The chain, which plain pickle never carries, was left out of the comparison.
The same for your project: `pytest --portable-errors-survey dependencies`.

What was seen stands here, and nothing else: a class that could not be built was not checked.
"""


def main(arguments: Sequence[str]) -> None:
    """Survey the libraries, and write the files."""
    if arguments[:1] == ["--one"]:
        print(json.dumps(surveyed_here(arguments[1])))
        return
    wheel, *names = arguments
    lines = [
        line.split()
        for line in LIBRARIES.read_text().splitlines()
        if line and not line.startswith("#")
    ]
    wanted = [line for line in lines if not names or name_of(line[0]) in names]
    known = json.loads(DATA.read_text()) if DATA.exists() else []
    rows = {row["library"]: row for row in known}
    with ThreadPoolExecutor(AT_ONCE) as pool:
        for row in pool.map(lambda line: row_of(line, wheel), wanted):
            print(row["library"], row["version"], row["classes"], row["causes"], *row["said"][:1])
            rows[row["library"]] = row
    listed = [rows[name] for line in lines if (name := name_of(line[0])) in rows]
    DATA.write_text(json.dumps(listed, indent=1) + "\n")
    PAGE.write_text("\n".join(page_of(listed)).rstrip() + "\n")
    DIGEST.write_text(json.dumps(digest_of(listed), indent=0) + "\n")


def name_of(requirement: str) -> str:
    """The distribution's name, without extras."""
    return requirement.partition("[")[0]


def row_of(requirements: Sequence[str], wheel: str) -> dict[str, Any]:
    """What was found of a library, in an environment that is gone afterwards."""
    name = name_of(requirements[0])
    folder = Path(tempfile.mkdtemp(prefix="atlas-"))
    try:
        return row_in(folder, name, requirements, wheel)
    except (subprocess.SubprocessError, OSError, ValueError) as error:
        output = getattr(error, "stderr", None) or b""
        text = output.decode(errors="replace") if isinstance(output, bytes) else output
        last = [line for line in text.strip().splitlines() if line.strip()]
        why = last[-1].strip() if last else type(error).__name__
        return empty(name, f"it could not be installed or surveyed: {without_paths(why)[:200]}")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def row_in(folder: Path, name: str, requirements: Sequence[str], wheel: str) -> dict[str, Any]:
    """Install a library in a folder, and survey it there."""
    python = str(folder / "bin" / "python")
    uv = shutil.which("uv")
    made = (
        [uv, "venv", "--quiet", "--python", sys.executable]
        if uv
        else [sys.executable, "-m", "venv"]
    )
    run([*made, str(folder)])
    install = (
        [uv, "pip", "install", "--quiet", "--python", python]
        if uv
        else [python, "-m", "pip", "install", "--quiet"]
    )
    run([*install, wheel, *requirements])
    told = run([python, str(Path(__file__).resolve()), "--one", name], cwd=folder)
    row: dict[str, Any] = json.loads(told)
    return row


def run(command: Sequence[str], cwd: Path | None = None) -> str:
    """Run a command; what it prints."""
    return subprocess.run(
        command, check=True, capture_output=True, text=True, timeout=LONGEST, cwd=cwd
    ).stdout


def surveyed_here(name: str) -> dict[str, Any]:
    """Survey a library that is installed here; see ``empty`` for the keys."""
    from pytest_portable_errors.diagnosis.checks import DEFAULT_CHECKS
    from pytest_portable_errors.report.libraries import counts_of, tally_of
    from pytest_portable_errors.run.library_process import survey_library
    from pytest_portable_errors.survey.requirements import dependency_of, modules_in

    dependency = dependency_of(name)
    asked = {
        "root": os.getcwd(),
        "serializers": ["pickle", "cloudpickle"],
        "receivers": ["without-project"],
        "checks": [check for check in DEFAULT_CHECKS if check != "chain"],
        "timeout": 10.0,
        "processor": PROCESSOR,
        **{name: [] for name in ("installed", "absent", "ignore")},
        **{name: {} for name in ("expect", "without")},
        "reducers": None,
    }
    library = survey_library(
        dependency, asked, modules=modules_in(dependency), named=None, running=set()
    ).library
    counts, tally = counts_of(library), tally_of(library["classes"])
    raised = {
        row["cls"] for _, row in tally.rows if row["how"].startswith("by ") and "(" in row["how"]
    }
    lossy = {defect.cls for defect in tally.defects}
    # What was raised for real goes first, then what most classes have.
    defects = sorted(
        tally.defects,
        key=lambda one: (one.cls not in raised, -counts["causes"].get(one.cause, 0), one.cls),
    )
    example = next((one for one in defects if one.detail is not None), None)
    first = [] if example is None else example.fixes
    fix = next((fix.title for fix in first if fix.arrives_whole), "")
    return {
        **empty(name, ""),
        "version": dependency.version,
        **{key: counts[key] for key in ("classes", "whole", "lossy", "causes", "credentials")},
        "not_built": counts["not_built"],
        "raised": len(raised),
        "raised_lossy": sorted(raised & lossy),
        "example": "" if example is None else told_of(example),
        "fix": fix if example is not None else "",
        "said": [without_paths(text)[:200] for text in counts["said"]],
    }


def told_of(defect: Any) -> str:
    """A defect in words: what becomes of the class, and why."""
    detail: Mapping[str, str] = defect.detail
    head = re.sub(r"\s{2,}\[.*", "", detail["headline"])
    why = " ".join(detail["why"].split())
    return without_paths(f"{head}: {why}" if why else head)[:300]


def without_paths(text: str) -> str:
    """The text without paths of the machine, and without addresses."""
    text = re.sub(r"https?:/\S+", "...", text)
    return re.sub(r"(?<![\w.:/])(/[\w.@+-]+){2,}/", "", text)


def empty(name: str, said: str) -> dict[str, Any]:
    """The row of a library of which nothing is known."""
    return {
        "library": name,
        "version": "",
        "python": platform.python_version(),
        "date": f"{datetime.date.today():%Y-%m-%d}",
        "classes": 0,
        "whole": 0,
        "lossy": 0,
        "causes": {},
        "credentials": 0,
        "not_built": 0,
        "raised": 0,
        "raised_lossy": [],
        "example": "",
        "fix": "",
        "said": [said] if said else [],
    }


def page_of(rows: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """The page, those with losses first."""
    lossy = [row for row in rows if row["lossy"]]
    whole = [row for row in rows if not row["lossy"] and row["classes"]]
    other = [row for row in rows if not row["classes"]]
    yield BEGINNING
    total, lost = (sum(row[key] for row in rows) for key in ("classes", "lossy"))
    yield (
        f"{len(rows)} libraries, {total:,} classes: {lost:,} of {len(lossy)} libraries do not "
        "arrive as they were."
    )
    yield ""
    yield "| library | classes | whole | lossy | by cause | example | fix | seen |"
    yield "|---|---|---|---|---|---|---|---|"
    for row in sorted(lossy, key=lambda row: row["library"].lower()):
        causes = ", ".join(f"{number} {cause}" for cause, number in row["causes"].items())
        cells = (
            f"{row['library']} {row['version']}",
            *(str(row[key]) for key in ("classes", "whole", "lossy")),
            causes,
            cell(row["example"]),
            cell(row["fix"] or "none is known"),
            f"Python {row['python']}, {row['date']}",
        )
        yield f"| {' | '.join(cells)} |"
    yield ""
    listed = ", ".join(f"{row['library']} {row['version']} ({row['classes']})" for row in whole)
    yield f"All whole, with the number of classes: {listed or 'none'}."
    yield ""
    for row in other:
        said = row["said"][0] if row["said"] else "no exception class"
        yield f"- {row['library']} {row['version']}: {cell(said)}"
    carried = [row for row in rows if row["credentials"]]
    if carried:
        yield ""
        listed = ", ".join(f"{row['library']} ({row['credentials']})" for row in carried)
        yield f"With credentials in their payloads, and of how many classes: {listed}."
    yield ""
    for row in rows:
        for text in row["said"] if row["classes"] else ():
            yield f"- {row['library']}: {cell(text)}"


def cell(text: str) -> str:
    """A text as it stands in a table of Markdown."""
    return text.replace("|", "\\|").replace("\n", " ").replace("<", "&lt;")


def digest_of(rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """By library, what a run says of it that makes no survey: version, month, lossy, example."""
    return {
        row["library"]: [
            row["version"],
            row["date"][:7],
            row["lossy"],
            row["classes"],
            sentence(row),
        ]
        for row in rows
        if row["lossy"]
    }


def sentence(row: Mapping[str, Any]) -> str:
    """The example, short."""
    return str(row["example"]).partition(": ")[0][:120]


if __name__ == "__main__":
    main(sys.argv[1:])
