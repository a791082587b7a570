"""Runs of pytest in the sample repository, and transcripts of what they print.

``PORTABLE_ERRORS_TRANSCRIPTS=write`` writes the transcripts anew; read what changed.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

from chosen_plugins import NO_OTHERS, chosen

REPO = Path(__file__).parent / "sample_repo"
TRANSCRIPTS = Path(__file__).parent / "end_to_end" / "transcripts"


def sample_repo(folder: Path) -> Path:
    """A copy of the sample repository in a folder."""
    return Path(
        shutil.copytree(REPO, folder / "repo", ignore=shutil.ignore_patterns("__pycache__"))
    )


def run(
    repo: Path, *args: str, program: str = "pytest", **environment: str
) -> subprocess.CompletedProcess[str]:
    """Run pytest, or another module, in a repository."""
    quiet = ("-p", "no:cacheprovider", *chosen()) if program == "pytest" else ()
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("GITHUB_", "PYTEST_"))
    }
    return subprocess.run(
        [sys.executable, "-m", program, *quiet, *args],
        cwd=repo,
        env={**kept, **NO_OTHERS, "COLUMNS": "100", **environment},
        capture_output=True,
        text=True,
    )


def transcript(result: subprocess.CompletedProcess[str]) -> str:
    """What was printed, without what differs between machines and versions of pytest: its header,
    the time, the summary's own cuts."""
    text = re.sub(
        r"\A.*?^(collect(ed|ing) )", r"\1", result.stdout, count=1, flags=re.DOTALL | re.MULTILINE
    )
    text = re.sub(
        r"^(FAILED (?!portable-errors::(?:receiver|chain)\b).*?) - .*$",
        r"\1",
        text,
        flags=re.MULTILINE,
    )
    text = re.sub(r"^(\d+ (?:failed|passed).*?) in [\d.]+s$", r"== \1 ==", text, flags=re.MULTILINE)
    text = re.sub(r"=+ (\d+ failed.*?|\d+ passed.*?) in [\d.]+s =+", r"== \1 ==", text)
    return text + f"(exit status {result.returncode})\n"


def same_as(name: str, result: subprocess.CompletedProcess[str]) -> None:
    """Compare what a run printed with the transcript of that name."""
    same_text(name, transcript(result))


def same_text(name: str, text: str) -> None:
    """Compare a text with the transcript of that name."""
    file = TRANSCRIPTS / f"{name}.txt"
    if os.environ.get("PORTABLE_ERRORS_TRANSCRIPTS") == "write":
        file.write_text(text, encoding="utf-8")
    assert text.splitlines() == file.read_text(encoding="utf-8").splitlines()
