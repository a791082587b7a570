"""What is printed can be pasted: lines that run tests again, and the plugin's own IDs."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest
from sample_runs import run, sample_repo


@pytest.fixture
def repo(tmp_path: Path) -> Path:
    return sample_repo(tmp_path)


@pytest.mark.parametrize("first", [(), ("-n", "2")], ids=["alone", "shared out"])
@pytest.mark.parametrize("again", [(), ("-n", "2")], ids=["alone", "shared out"])
def test_a_rerun_line_runs_what_met_the_defect(
    repo: Path, first: tuple[str, ...], again: tuple[str, ...]
) -> None:
    pytest.importorskip("xdist")
    told = run(repo, "--portable-errors", *first).stdout
    lines = re.findall(r"^   rerun: pytest (.*)$", told, re.MULTILINE)
    assert len(lines) == 4
    line = next(line for line in lines if "PaymentError" in line)
    once_more = run(repo, *shlex.split(line), *again).stdout
    assert "1 defect in 1 class" in once_more
    assert "1  shop.errors.PaymentError " in once_more
    assert re.search(r"\b3 failed", once_more), "two tests and the built case"


@pytest.mark.parametrize(
    ("pasted", "typed"),
    [
        ("portable-errors::shop.errors.Busy", "pytest --portable-errors -k Busy"),
        (
            "portable-errors/litellm::RateLimitError[raised-429-pickle]",
            "pytest --portable-errors-suite litellm -k RateLimitError",
        ),
    ],
)
def test_an_id_of_the_plugin_s_own_says_what_to_type_instead(
    repo: Path, pasted: str, typed: str
) -> None:
    done = run(repo, pasted)
    assert done.returncode == pytest.ExitCode.USAGE_ERROR
    assert f"{pasted} is no path that pytest finds: type {typed}" in done.stderr
