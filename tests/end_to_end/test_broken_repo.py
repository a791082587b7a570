"""A repository of forty broken classes goes from red to green, and so do a library's classes."""

from __future__ import annotations

import difflib
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from chosen_plugins import chosen

REPO = Path(__file__).parents[1] / "broken_repo"
CLASSES = 40
DEFECTS = 35
"""Four classes inherit another's alone, and one class has two of its own."""


@pytest.fixture
def repo(tmp_path: Path) -> Path:
    return Path(
        shutil.copytree(REPO, tmp_path / "repo", ignore=shutil.ignore_patterns("__pycache__"))
    )


def run(repo: Path, *args: str) -> tuple[int, str]:
    """Exit status and output of a run of pytest in the repository."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("GITHUB_", "PYTEST_"))}
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *chosen(), *args],
        cwd=repo,
        env=kept,
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout + done.stderr


def sources(repo: Path) -> dict[str, bytes]:
    return {
        path.relative_to(repo).as_posix(): path.read_bytes()
        for path in sorted(repo.rglob("*"))
        if path.is_file() and "__pycache__" not in path.parts
    }


def removed(before: bytes, after: bytes) -> list[str]:
    old, new = (content.decode("latin-1").split("\n") for content in (before, after))
    return [line[2:].strip() for line in difflib.ndiff(old, new) if line.startswith("- ")]


def test_red_then_written_then_green_and_then_nothing_changes(repo: Path) -> None:
    before = sources(repo)
    status, told = run(repo, "--portable-errors")
    assert status == 1
    assert f"portable errors: {DEFECTS} defects in {CLASSES} classes" in told
    status, told = run(repo, "--portable-errors", "--portable-errors-fix")
    assert status == 1
    assert "fixed 34 of 35 defects in 4 files; 1 left:" in told
    assert "shop.stored.Locked: its fix gives up exc.lock" in told
    status, told = run(repo, "--portable-errors", "--portable-errors-fix-unsafe")
    assert "fixed 1 of 1 defect in 1 file" in told
    assert "gives up: shop.stored.Locked without exc.lock" in told
    written = sources(repo)
    status, told = run(repo, "--portable-errors", "--portable-errors-fix-unsafe")
    assert status == 0, told
    assert f"checked {CLASSES} classes" in told
    assert f"{CLASSES} whole" in told
    assert sources(repo) == written
    assert "declared lost" not in told
    _, verbose = run(repo, "--portable-errors", "-vv", "-k", "Locked")
    assert "declared lost: shop.stored.Locked: exc.lock" in verbose
    assert written.keys() == before.keys()
    changed = {name for name in before if before[name] != written[name]}
    assert changed == {f"src/shop/{name}.py" for name in MODULES}
    for name in changed - {"src/shop/reducers.py"}:  # there the methods at fault are gone
        assert removed(before[name], written[name]) == []
    stored = written["src/shop/stored.py"]
    assert stored.count(b"\r\n") == stored.count(b"\n"), "its line breaks are CRLF"
    assert b"caf\xe9" in stored, "it is Latin-1"


MODULES = ("arguments", "inherited", "reducers", "stored")


def test_the_diff_says_the_same_and_writes_nothing(repo: Path) -> None:
    before = sources(repo)
    status, told = run(repo, "--portable-errors", "--portable-errors-diff")
    assert status == 1, "the defects are there still"
    assert sources(repo) == before
    assert "would fix 34 of 35 defects in 4 files; 1 left:" in told
    assert told.count("\n+++ b/src/shop/") == len(MODULES)
    assert "+    def __reduce__(self) -> tuple[object, ...]:" in told


def test_on_workers_the_controller_writes_the_same(repo: Path, tmp_path: Path) -> None:
    pytest.importorskip("xdist")
    alone = Path(shutil.copytree(repo, tmp_path / "alone"))
    run(alone, "--portable-errors", "--portable-errors-fix")
    _, told = run(repo, "--portable-errors", "--portable-errors-fix", "-n", "2")
    assert "fixed 34 of 35 defects in 4 files" in told
    assert sources(repo) == sources(alone)
    status, _ = run(repo, "--portable-errors", "-k", "not Locked")
    assert status == 0


def test_what_makes_a_module_fail_is_put_back_and_said(repo: Path) -> None:
    errors = repo / "src" / "shop" / "arguments.py"
    errors.write_text(errors.read_text() + GUARD)
    before = errors.read_bytes()
    _, told = run(repo, "--portable-errors", "--portable-errors-fix")
    assert errors.read_bytes() == before
    assert "its fix does not hold where it was written" in told
    assert "importing shop.arguments raises RuntimeError: read-only by decree" in told
    assert "fixed 23 of 35 defects in 3 files" in told


GUARD = """

if "def __reduce__" in open(__file__).read().replace('"def __reduce__"', ""):
    raise RuntimeError("read-only by decree")
"""


def test_nothing_is_checked_without_an_option_that_checks(repo: Path) -> None:
    status, told = run(repo, "--portable-errors-fix")
    assert status == pytest.ExitCode.USAGE_ERROR
    assert "--portable-errors-fix: nothing is checked: add --portable-errors" in told


WORKER = """
import json, pickle, sys
import shop.exception_reducers
import httpx
secret = {"Authorization": "Bearer sk-1234567890abcdef"}
request = httpx.Request("GET", "https://shop.example/7", headers=secret)
response = httpx.Response(500, request=request)
try:
    try:
        raise KeyError("bob")
    except KeyError as cause:
        raise httpx.HTTPStatusError("m", request=request, response=response) from cause
except httpx.HTTPStatusError as raised:
    error = raised
payload = pickle.dumps(error)
again = pickle.loads(payload)
print(json.dumps([type(again).__name__, str(again), str(again.request.url), repr(again.__cause__),
                  b"1234567890" in payload, "pytest" in sys.modules]))
"""


def test_a_library_s_classes_get_a_module_that_a_worker_imports_without_pytest(repo: Path) -> None:
    pytest.importorskip("httpx")
    survey = ("--portable-errors-survey", "httpx", "--portable-errors-fix")
    status, told = run(repo, *survey)
    assert status == 1
    assert "others' classes: where your worker starts, from shop import exception_reducers" in told
    done = subprocess.run(
        [sys.executable, "-c", WORKER],
        cwd=repo / "src",
        capture_output=True,
        text=True,
        check=True,
    )
    assert json.loads(done.stdout) == [
        "HTTPStatusError",
        "m",
        "https://shop.example/7",
        "KeyError('bob')",
        False,
        False,
    ]
    text = (repo / "src/shop/exception_reducers.py").read_text()
    status, told = run(repo, *survey)
    assert "portable-errors::reducers - shop.exception_reducers is imported by no module" in told
    assert status == 1
    (repo / "src/shop/worker.py").write_text("from shop import exception_reducers\n")
    status, told = run(repo, *survey)
    assert status == 0, told
    assert (repo / "src/shop/exception_reducers.py").read_text() == text
