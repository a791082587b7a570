"""From each Python to each other: the verdict is what plain pickle does in two processes."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from interpreters import environment, find_python, wheel

HERE = Path(__file__).parent
SENDERS = ("3.10", "3.11", "3.12", "3.13", "3.14", "3.15")
RECEIVERS = ("3.8", "3.9", *SENDERS, "pypy3.11")

Environments = dict[str, str]


@pytest.fixture(scope="module")
def readers(tmp_path_factory: pytest.TempPathFactory) -> Environments:
    """An environment for each Python that is here: version -> its interpreter. Each has the zoo."""
    folder = tmp_path_factory.mktemp("readers")
    pythons = {version: find_python(version) for version in RECEIVERS}
    return {
        version: with_zoo(environment(python, folder / version))
        for version, python in pythons.items()
        if python is not None
    }


def with_zoo(python: str) -> str:
    """The same interpreter, whose environment can import the zoo from now on."""
    site = next((Path(python).parents[1] / "lib").glob("py*/site-packages"))
    (site / "zoo.pth").write_text(f"{HERE}\n")
    return python


@pytest.fixture(scope="module")
def own_wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return wheel(tmp_path_factory.mktemp("wheel"))


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


def number(version: str) -> tuple[int, int]:
    major, _, minor = version.removeprefix("pypy").partition(".")
    return int(major), int(minor)


def is_explained(name: str, sender: str, receiver: str) -> bool:
    """Whether the verdict of this name is another one in this pair, with a reason: the class or
    value is the same one, and what ``plain_pickle.py`` sees of it is not."""
    here, there = number(sender), number(receiver)
    # Python 3.14 prints int | None where others print Optional[int], and 3.8 Union[int, NoneType].
    prints_unions_otherwise = there == (3, 8) or (here >= (3, 14)) != (there >= (3, 14))
    return {
        "union": prints_unions_otherwise,
        "optional": prints_unions_otherwise,
        "alias": prints_unions_otherwise,
        # re.error is re.PatternError since 3.13, and still found under the old name
        "re": here < (3, 13) <= there,
        # the name is a field since 3.10
        "NameError": there < (3, 10),
        "attribute_missing": there < (3, 10),
        # Several flags together have a name, which their repr shows, since 3.11.
        "flags": (here >= (3, 11)) != (there >= (3, 11)),
        "flag_of_python": (here >= (3, 11)) != (there >= (3, 11)),
        # its repr came with 3.14, and reads since 3.15 what others do not pickle
        "warning_message": here != there and max(here, there) >= (3, 14),
        # PyPy's is written in Python, and keeps its parts in its __dict__
        "getter": receiver.startswith("pypy"),
    }.get(name, False)


def otherwise(sender: str, version: str, readers: Environments, cwd: Path) -> list[str]:
    """The trips whose verdict is not what plain pickle does, but for those that are explained."""
    versions = {python: version for version, python in readers.items()}
    told = run(sender, str(HERE / "trips_of_zoo.py"), *versions, cwd=cwd)
    by_pickle = {python: plain(sender, python, cwd) for python in versions}
    assert len(told) >= 140 * len(versions)
    return [
        f"{version} -> {versions[reader]}: {name}: pickle {by_pickle[reader][name]}: {text}"
        for reader, name, is_whole, text in told
        if is_whole != by_pickle[reader][name] and not is_explained(name, version, versions[reader])
    ]


def test_from_this_python_the_verdict_is_what_plain_pickle_does(
    readers: Environments, tmp_path: Path
) -> None:
    here = "{}.{}".format(*sys.version_info)
    assert otherwise(sys.executable, here, readers, tmp_path) == []


@pytest.mark.pythons
@pytest.mark.parametrize("version", SENDERS)
def test_from_every_other_as_well(
    readers: Environments, own_wheel: Path, version: str, tmp_path: Path
) -> None:
    python = find_python(version)
    if python is None:
        pytest.skip(f"Python {version} is not installed here")
    sender = environment(python, tmp_path / "sender", with_wheel=own_wheel)
    assert otherwise(with_zoo(sender), version, readers, tmp_path) == []
