"""The files and console blocks of the documents, as they stand there."""

from __future__ import annotations

import importlib.util
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from in_matrix import MATRIX

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text()
DOCUMENTS = "\n".join(
    [README, *(file.read_text() for file in sorted((ROOT / "docs").glob("*.md")))]
)
BLOCKS = re.findall(r"^```(\w+)\n(.*?)^```$", DOCUMENTS, re.MULTILINE | re.DOTALL)
FILES = [text for language, text in BLOCKS if language == "python"]
CONSOLE = [text for language, text in BLOCKS if language == "console"]
RUN_HERE = [text for text in CONSOLE if text.startswith(("$ pytest", "$ python -m pytest"))]
STORE = (
    "import pickle, shop.errors; pickle.dump(shop.errors.PaymentError(7, 'declined'), "
    "open('error.pickle', 'wb'), protocol=4)"
)


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """All the files of the documents in one folder."""
    folder = tmp_path_factory.mktemp("readme")
    for text in FILES:
        first, _, _ = text.partition("\n")
        path = folder / first.removeprefix("# ")
        path.parent.mkdir(exist_ok=True)
        path.write_text(text.partition("\n")[2])
    (folder / "pyproject.toml").write_text('[tool.pytest.ini_options]\npythonpath = ["."]\n')
    subprocess.run([sys.executable, "-c", STORE], cwd=folder, check=True)
    return folder


def test_every_python_block_says_which_file_it_is() -> None:
    assert all(re.match(r"# [\w/]+\.py\n", text) for text in FILES)


@pytest.mark.parametrize("block", RUN_HERE, ids=lambda block: block.splitlines()[0])
def test_console_block(block: str, project: Path) -> None:
    command, *expected = block.splitlines()
    program, *args = command.removeprefix("$ ").removeprefix("python -m ").split()
    run = subprocess.run(
        [sys.executable, "-m", program, *(["--color=no"] if program == "pytest" else []), *args],
        cwd=project,
        capture_output=True,
        text=True,
        env={**os.environ, "COLUMNS": "80"},
    )
    printed = iter(run.stdout.splitlines())
    for line in expected:
        pattern = ".*".join(map(re.escape, line.split("...")))
        assert line == "..." or any(re.fullmatch(pattern, other) for other in printed), (
            f"{line!r} is not in\n{run.stdout}{run.stderr}"
        )


@MATRIX
def test_the_example_of_the_suite_collects(project: Path) -> None:
    if importlib.util.find_spec("litellm") is None:
        pytest.skip("LiteLLM is not installed")
    run = subprocess.run(
        [sys.executable, "-m", "pytest", "--co", "-q", "test_litellm.py"],
        cwd=project,
        capture_output=True,
        text=True,
    )
    assert "test_litellm.py::test_litellm[RateLimitError-pickle]" in run.stdout, (
        run.stdout + run.stderr
    )


def test_ci_installs_and_tests_as_the_readme_says() -> None:
    script = (ROOT / ".ci" / "run").read_text()
    install = next(text for text in CONSOLE if "-m venv" in text).splitlines()[0]
    # it is there
    assert re.search(r"pip install ('.*?')", install).group(1) in script  # type: ignore[union-attr]
    second = (
        next(text for text in CONSOLE if text.startswith("$ .venv/bin/pytest"))
        .split("pytest", 1)[1]
        .strip()
    )
    assert f'/bin/pytest" {second}\n' in script


def test_every_setting_and_keyword_is_told() -> None:
    from pytest_portable_errors.diagnosis.checks import CHECKS
    from pytest_portable_errors.receiver_names import NAMED_RECEIVERS
    from pytest_portable_errors.run.marker import KEYWORDS

    for word in (
        *CHECKS,
        *NAMED_RECEIVERS,
        *KEYWORDS,
        "portable_errors_receiver",
        "portable_errors_serializers",
        "portable_errors_checks",
        "portable_errors_timeout",
        "portable_errors_expect",
        "portable_errors_ignore",
        "portable_errors_installed",
        "portable_errors_absent",
        "portable_errors_capture",
        "--portable-errors-mode",
        "--portable-errors-survey",
        "--portable-errors-report",
        "--portable-errors-update-baseline",
        "pytest_portable_errors_instances",
    ):
        assert word in DOCUMENTS


def test_the_readme_is_read_in_minutes() -> None:
    unfolded = re.sub(r"<details>.*?</details>", "", README, flags=re.DOTALL)
    assert len(unfolded.splitlines()) < 260


def test_the_readme_shows_the_suite_s_summary_whole() -> None:
    [folded] = re.findall(r"<details>.*?</details>", README, flags=re.DOTALL)
    defects, classes = map(int, re.findall(r": (\d+) defects in (\d+) classes =", folded)[0])
    assert len(re.findall(r"^   litellm/\S+:\d+ +litellm", folded, re.M)) == defects < classes


def test_what_the_documents_refer_to_is_there() -> None:
    for link in re.findall(r"\]\((?!https?:)([^)#]+)\)", DOCUMENTS):
        assert (ROOT / link).exists(), link
    for path in re.findall(
        r"`((?:pytest_portable_errors|tests|docs|conftest_examples)/[\w./]+)`", DOCUMENTS
    ):
        assert (ROOT / path).exists(), path


def test_each_promise_of_security_names_tests_that_are_there() -> None:
    promises = (ROOT / "SECURITY.md").read_text(encoding="utf-8")
    promises = promises.partition("## What it promises")[2].partition("## What it does not")[0]
    bullets = re.split(r"^- \*\*", promises, flags=re.MULTILINE)[1:]
    assert bullets
    files = {file.name for file in (ROOT / "tests").rglob("test_*.py")}
    for bullet in bullets:
        named = re.findall(r"`(?:tests/[\w/]*)?(test_\w+\.py)`", bullet)
        assert named, bullet
        assert set(named) <= files
        assert all((ROOT / path).is_file() for path in re.findall(r"`(tests/[\w/]+\.py)`", bullet))
