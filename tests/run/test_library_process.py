"""What a library does when it is imported stays in its process, which is bounded, and leaves no
other behind."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from installed import install
from processes import wait_until_gone

from pytest_portable_errors.report.libraries import Library, counts_of
from pytest_portable_errors.run import library_process
from pytest_portable_errors.run.library_process import survey_library
from pytest_portable_errors.survey.requirements import Dependency

ERRORS = """
class Lossy(Exception):
    def __init__(self, code, reason):
        super().__init__(reason)
        self.code = code


class Whole(Exception):
    pass


class _Private(Exception):
    pass
"""
Surveys = Callable[..., Library]


@pytest.fixture
def survey(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Surveys:
    """Surveys a library of one module, whose import runs a text before it defines its errors."""
    monkeypatch.setenv("PYTHONPATH", str(tmp_path), prepend=os.pathsep)

    def run(text: str, **asked: Any) -> Library:
        (tmp_path / "made_up.py").write_text(f"{text}\n{ERRORS}")
        settings: dict[str, Any] = {
            "root": str(tmp_path),
            "serializers": ["pickle"],
            "receivers": ["with-project"],
            "checks": ["type", "message", "args", "attributes"],
            "processor": 20.0,
            "timeout": 10.0,
            "installed": [],
            "absent": [],
            "expect": {},
            "without": {},
            "ignore": [],
            "reducers": None,
            **asked,
        }
        running: set[subprocess.Popen[bytes]] = set()
        surveyed = survey_library(
            Dependency(name="made-up", version="1.0"),
            settings,
            modules=["made_up"],
            named=asked.get("named", {}),
            running=running,
        )
        assert not running
        return surveyed.library

    return run


def lossy(library: Library) -> dict[str, int]:
    return counts_of(library)["causes"]


def test_one_that_does_nothing(survey: Surveys) -> None:
    library = survey("")
    assert [one["cls"] for one in library["classes"]] == ["made_up.Lossy", "made_up.Whole"]
    assert lossy(library) == {"init-does-not-fit-args": 1}
    assert (library["said"], library["is_cut"]) == ([], False)


DOES = {
    "raises": (
        "raise ImportError('no such codec')",
        "was not imported: ImportError: no such codec",
    ),
    "exits": ("raise SystemExit(3)", "was not imported: SystemExit: 3"),
    "needs a setting": (
        "import os; os.environ['NO_SUCH']",
        "was not imported: KeyError: 'NO_SUCH'",
    ),
    "ends its process": (
        "import os; os._exit(7)",
        "cut: its process exited in its midst, status 7",
    ),
    "is killed": (
        "import os, signal; os.kill(os.getpid(), signal.SIGKILL)",
        "cut: its process was ended by signal 9",
    ),
    "fills its memory": ("held = bytearray(2 * 1024**3)", "was not imported: MemoryError: "),
}


@pytest.mark.parametrize("what", DOES)
def test_what_keeps_it_from_being_looked_at(survey: Surveys, what: str) -> None:
    text, said = DOES[what]
    library = survey(text)
    assert library["classes"] == []
    assert len(library["said"]) == 1
    assert library["said"][0].endswith(said)


BESIDE = {
    "prints": ("print('x' * 1_000_000)", "its import prints 1,000,001 bytes"),
    "asks the network": (
        "import socket\ntry: socket.create_connection(('shop.example', 80))\nexcept OSError: pass",
        "it asks the network for shop.example, and gets no answer here",
    ),
    "starts a thread": (
        (
            "import threading, time\n"
            "threading.Thread(target=time.sleep, args=(600,), daemon=True).start()"
        ),
        "its import starts 1 thread",
    ),
}


@pytest.mark.parametrize("what", BESIDE)
def test_what_it_does_beside(survey: Surveys, what: str, capfd: pytest.CaptureFixture[str]) -> None:
    text, said = BESIDE[what]
    library = survey(text)
    assert (library["said"], len(library["classes"])) == ([said], 2)
    assert capfd.readouterr() == ("", "")


def test_what_replaces_functions_of_others(survey: Surveys) -> None:
    text = "import json, os, select, time\nfor module in (json.dumps, os.write, os.read): pass\n"
    text += "json.dumps = os.write = os.read = select.poll = time.sleep = None"
    library = survey(text)
    assert lossy(library) == {"init-does-not-fit-args": 1}


def test_one_that_takes_too_much_processor_time(survey: Surveys) -> None:
    started = time.process_time()
    library = survey("while True: pass", processor=1.0)
    assert library["said"] == ["cut: its process took too much processor time"]
    assert library["is_cut"]
    assert time.process_time() - started < 5


def test_one_that_hangs(survey: Surveys, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(library_process, "SILENCE", 3.0)
    library = survey("import time; time.sleep(600)")
    assert library["said"] == ["cut: its process told nothing for 3 s"]


def test_what_it_starts_is_gone_afterwards(survey: Surveys, tmp_path: Path) -> None:
    noted = tmp_path / "pids"
    text = f"""
import os, subprocess, sys
sleeps = [sys.executable, "-c", "import time; time.sleep(600)"]
child = subprocess.Popen(sleeps, start_new_session=True)
if not os.fork():  # a daemon, whose parent ends
    orphan = subprocess.Popen(sleeps, start_new_session=True)
    open({str(noted)!r}, "w").write(f"{{child.pid}} {{orphan.pid}}")
    os._exit(0)
os.wait()
"""
    assert len(survey(text)["classes"]) == 2
    pids = list(map(int, noted.read_text().split()))
    assert len(pids) == 2
    assert not wait_until_gone(pids, seconds=5)


def test_what_it_tells_is_no_answer(survey: Surveys) -> None:
    """Its code may write to where the answers go."""
    text = """
import os, stat
for fd in range(3, 50):
    try:
        if stat.S_ISFIFO(os.fstat(fd).st_mode): os.write(fd, b'{"row": {"cls": 7}}\\n')
    except OSError: pass
"""
    library = survey(text)
    assert library["classes"] == []
    assert library["said"] == ["cut: its process told what is no answer"]


def test_fixes_are_tried_for_classes_that_are_named(survey: Surveys) -> None:
    def fixes(named: dict[str, bool]) -> list[Any]:
        library = survey("", named=named)
        return [
            detail["fixes"] for one in library["classes"] for detail in one["entries"]["details"]
        ]

    assert fixes({}) == []
    [[first, *_]] = fixes({"made_up.Lossy": False})
    assert first["arrives_whole"]


def test_a_class_of_others_that_is_named_by_a_lazy_export(survey: Surveys, tmp_path: Path) -> None:
    """As pydantic.ValidationError, which pydantic_core defines."""
    (tmp_path / "made_up_core.py").write_text(ERRORS)
    (tmp_path / "made_up_core-1.dist-info").mkdir()
    (tmp_path / "made_up_core-1.dist-info" / "METADATA").write_text("Name: made-up-core\n")
    (tmp_path / "made_up_core-1.dist-info" / "RECORD").write_text("made_up_core.py,,\n")
    text = "def __getattr__(name): import made_up_core; return made_up_core.Lossy"
    library = survey(text, named={"made_up.Refused": True})
    [found] = [one for one in library["classes"] if one["cls"] == "made_up_core.Lossy"]
    assert found["names"] == ["made_up.Refused"]
    assert found["entries"]["details"][0]["fixes"]
    control = survey(text)["classes"]
    assert [one["cls"] for one in control] == ["made_up.Lossy", "made_up.Whole"]


def test_one_whose_classes_take_too_long_is_cut(survey: Surveys) -> None:
    slow = """
import time
def spin(self):
    end = time.process_time() + 0.02
    while time.process_time() < end: pass
    return "slow"
for number in range(200):
    globals()[f"Slow{number}"] = type(f"Slow{number}", (Exception,), {"__str__": spin})
"""
    library = survey(slow, processor=4.0)
    assert 0 < len(library["classes"]) < 200
    assert not library["is_cut"], "it is kept: the next run would take as long, and find as much"
    [said] = library["said"]
    assert said == (
        "cut: it takes more than 4 s of processor time; --portable-errors-survey made_up has no "
        "such limit"
    )


def test_a_suite_that_ends_early_is_told_and_the_classes_are_built(
    survey: Surveys, tmp_path: Path
) -> None:
    entry = "[pytest_portable_errors.suites]\nmade_up = suite_of_made_up:subjects\n"
    suite = (
        "import made_up\nfrom pytest_portable_errors.survey.suites.raising import raised\n"
        "def raises():\n    raise made_up.Whole('a')\n"
        "def subjects(receivers, names):\n"
        "    yield from raised('made_up', {'first': raises})\n    made_up.gone()\n"
    )
    files = {"suite_of_made_up.py": suite, "suite_of_made_up-1.0.dist-info/entry_points.txt": entry}
    install(tmp_path, "suite-of-made-up", files)
    library = survey("")
    [said] = library["said"]
    assert said == (
        "the suite made_up has ended early: AttributeError: module 'made_up' has no attribute "
        "'gone' (suite_of_made_up.py:7); the rest of it was not checked"
    )
    first, *others = library["classes"]
    assert (first["cls"], first["entries"]["rows"][0]["how"]) == (
        "made_up.Whole",
        "by made_up (first)",
    )
    assert [row["cls"] for row in others] == ["made_up.Lossy", "made_up.Whole"]


def test_what_the_project_ignores_and_declares(survey: Surveys) -> None:
    assert [one["cls"] for one in survey("", ignore=["made_up.L*"])["classes"]] == ["made_up.Whole"]


def test_what_a_package_defines_before_its_import_fails_is_left_out(
    survey: Surveys, tmp_path: Path
) -> None:
    package = tmp_path / "made_up"
    package.mkdir()
    (package / "errors.py").write_text("class Half(Exception): pass")
    (package / "__init__.py").write_text("from .errors import Half\nraise KeyError('SETTING')")
    library = survey("")
    assert library["classes"] == []
    assert library["said"] == ["made_up was not imported: KeyError: 'SETTING'"]


def test_of_a_package_the_modules_that_say_errors(survey: Surveys, tmp_path: Path) -> None:
    package = tmp_path / "made_up"
    for name, text in (
        ("__init__.py", "class Top(Exception): pass"),
        ("deep/__init__.py", ""),
        ("deep/errors.py", "class Deep(Exception): pass"),
        ("deep/_exceptions.py", "class Hidden(Exception): pass"),
        ("other.py", "class Other(Exception): pass"),
    ):
        (package / name).parent.mkdir(parents=True, exist_ok=True)
        (package / name).write_text(text)

    def classes() -> list[str]:
        return [one["cls"].rpartition(".")[2] for one in survey("")["classes"]]

    # A folder goes before a module of its name.
    assert classes() == ["Top", "Deep"]
    (package / "__init__.py").write_text("")
    (package / "deep" / "errors.py").write_text("")
    assert classes() == ["Other"], "none of these has a class: all public modules are looked at"
