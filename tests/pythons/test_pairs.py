"""From each Python to each other: the verdict is what plain pickle does in two processes."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from in_matrix import MATRIX
from interpreters import find_python

HERE = Path(__file__).parent
REPOSITORY = HERE.parents[1]
SENDERS = ("3.10", "3.11", "3.12", "3.13", "3.14", "3.15")
RECEIVERS = ("3.8", "3.9", *SENDERS, "pypy3.11")

Environments = dict[str, str]


@pytest.fixture(scope="module")
def environments(tmp_path_factory: pytest.TempPathFactory) -> Environments:
    """An environment for each Python that is here: version -> its interpreter.

    Each can import the zoo; those of senders have this project.
    """
    folder = tmp_path_factory.mktemp("environments")
    pip = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check"]
    subprocess.run(
        [*pip, "wheel", "--no-deps", "--wheel-dir", str(folder), str(REPOSITORY)], check=True
    )
    wheel = next(folder.glob("*.whl"))
    found = {}
    for version in RECEIVERS:
        python = find_python(version)
        if python is None:
            continue
        subprocess.run([python, "-m", "venv", "--without-pip", str(folder / version)], check=True)
        found[version] = str(folder / version / "bin" / "python")
        if version in SENDERS:
            subprocess.run([*pip, "--python", found[version], "install", str(wheel)], check=True)
        site = next((folder / version / "lib").glob("py*/site-packages"))
        (site / "zoo.pth").write_text(f"{HERE}\n")
    return found


def run(*command: str, cwd: Path) -> Any:
    done = subprocess.run(command, capture_output=True, text=True, cwd=cwd, timeout=500)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def plain(sender: str, receiver: str, cwd: Path) -> dict[str, bool]:
    """Name -> whether it arrives whole by plain pickle."""
    script, payloads = str(HERE / "plain_pickle.py"), str(cwd / "payloads")
    sent = run(sender, script, "write", payloads, cwd=cwd)
    received = run(receiver, script, "read", payloads, cwd=cwd)
    return {name: received.get(name) == told for name, told in sent.items()}


UNIONS = (
    "Python 3.14 prints int | None where others print Optional[int], and 3.8 Union[int, NoneType]"
)
EXPLAINED = {
    "union": UNIONS,
    "optional": UNIONS,
    "alias": UNIONS,
    "re": "re.error is re.PatternError since 3.13, and still found under the old name",
    "NameError": "the name is a field since 3.10",
    "attribute_missing": "the name is a field since 3.10",
    "warning_message": "its repr came with 3.14, and reads since 3.15 what others do not pickle",
    "getter": "PyPy's is written in Python, and keeps its parts in its __dict__",
}
"""Names whose verdict is another one in some pairs: the class or value is the same one, and what
``plain_pickle.py`` sees of it is not."""


def number(version: str) -> tuple[int, int]:
    major, _, minor = version.removeprefix("pypy").partition(".")
    return int(major), int(minor)


def is_explained(name: str, sender: str, receiver: str) -> bool:
    """Whether the name is listed, and the pair is one of those of which that is true."""
    here, there = number(sender), number(receiver)
    return {
        "union": there == (3, 8) or (here >= (3, 14)) != (there >= (3, 14)),
        "optional": there < (3, 9) or (here >= (3, 14)) != (there >= (3, 14)),
        "alias": there < (3, 9) or (here >= (3, 14)) != (there >= (3, 14)),
        "re": here < (3, 13) <= there,
        "NameError": there < (3, 10),
        "attribute_missing": there < (3, 10),
        "warning_message": (here < (3, 14) <= there) or (here < (3, 15) <= there),
        "getter": receiver.startswith("pypy"),
    }.get(name, False)


@MATRIX
@pytest.mark.parametrize("sender", SENDERS)
def test_the_verdict_is_what_plain_pickle_does(
    environments: Environments, sender: str, tmp_path: Path
) -> None:
    if sender not in environments:
        pytest.skip(f"Python {sender} is not installed here")
    receivers = {python: version for version, python in environments.items()}
    told = run(environments[sender], str(HERE / "trips_of_zoo.py"), *receivers, cwd=tmp_path)
    by_pickle = {python: plain(environments[sender], python, tmp_path) for python in receivers}
    otherwise = [
        f"{sender} -> {receivers[receiver]}: {name}: pickle {by_pickle[receiver][name]}: {text}"
        for receiver, name, is_whole, text in told
        if is_whole != by_pickle[receiver][name]
        and not is_explained(name, sender, receivers[receiver])
    ]
    assert otherwise == [], "\n\n".join(otherwise)
