"""What is printed for a stranger's repository, from the first run on. The transcripts are whole.

``PORTABLE_ERRORS_TRANSCRIPTS=write`` writes them anew; read what changed.
"""

from __future__ import annotations

import difflib
import json
import shutil
from pathlib import Path

import pytest
from sample_runs import TRANSCRIPTS, run, same_as, same_text, sample_repo, transcript

NEW_DEFECT = '''

class Late(ShopError):
    """Written after the baseline was."""

    def __init__(self, days: int, order_id: int) -> None:
        super().__init__(f"{days} days late")
        self.days = days
        self.order_id = order_id
'''
TEST_OF_GOOD = """

def test_closed():
    from shop.errors import Closed

    with pytest.raises(Closed):
        try:
            raise KeyError("key")
        except KeyError as error:
            raise Closed("for today") from error
"""
ITS_TEST = """

def test_late():
    from shop.errors import Late

    with pytest.raises(Late):
        raise Late(3, 7)
"""


@pytest.fixture
def repo(tmp_path: Path) -> Path:
    return sample_repo(tmp_path)


def test_first_run(repo: Path) -> None:
    same_as("first_run", run(repo, "--portable-errors"))


def test_first_run_in_full(repo: Path) -> None:
    same_as("first_run_verbose", run(repo, "--portable-errors", "--tb=no", "-v"))


def test_adopting_it_today(repo: Path) -> None:
    same_as("update_baseline", run(repo, "--portable-errors", "--portable-errors-update-baseline"))
    same_text("portable-errors-baseline", (repo / "portable-errors-baseline.txt").read_text())
    same_as("with_baseline", run(repo, "--portable-errors"))


def test_a_good_class_after_that_is_green(repo: Path) -> None:
    """The baseline holds what nobody has decided yet once, and not class by class."""
    run(repo, "--portable-errors", "--portable-errors-update-baseline")
    with (repo / "shop" / "errors.py").open("a") as file:
        file.write('\n\nclass Closed(ShopError):\n    """Good, as long as the shop is there."""\n')
    with (repo / "tests" / "test_orders.py").open("a") as file:
        file.write(TEST_OF_GOOD)
    done = run(repo, "--portable-errors")
    assert done.returncode == 0
    same_as("good_class_after_baseline", done)


def test_one_new_defect_after_that(repo: Path) -> None:
    shutil.copy(TRANSCRIPTS / "portable-errors-baseline.txt", repo)
    with (repo / "shop" / "errors.py").open("a") as file:
        file.write(NEW_DEFECT)
    with (repo / "tests" / "test_orders.py").open("a") as file:
        file.write(ITS_TEST)
    same_as("new_defect", run(repo, "--portable-errors"))


def test_a_defect_that_is_gone(repo: Path) -> None:
    shutil.copy(TRANSCRIPTS / "portable-errors-baseline.txt", repo)
    source = (repo / "shop" / "errors.py").read_text()
    repaired = source.replace(
        '        super().__init__(f"not found: {name}")',
        (
            '        super().__init__(name)\n\n    def __str__(self):\n        return f"not found: '
            '{self.args[0]}"'
        ),
    )
    assert repaired != source
    (repo / "shop" / "errors.py").write_text(repaired)
    (repo / "pyproject.toml").write_text(
        (repo / "pyproject.toml").read_text()
        + (
            'portable_errors_receiver = ["with-project"]\nportable_errors_checks = ["type", '
            '"message"]\n'
        )
    )
    before = (repo / "portable-errors-baseline.txt").read_text()
    same_as("gone", run(repo, "--portable-errors"))
    run(repo, "--portable-errors", "--portable-errors-update-baseline", "-k", "NotFound or unknown")
    assert (repo / "portable-errors-baseline.txt").read_text() == before, (
        "a run of some tests takes nothing out"
    )
    run(repo, "--portable-errors", "--portable-errors-update-baseline")
    after = (repo / "portable-errors-baseline.txt").read_text()
    assert "shop.errors.NotFound init-rewrites-message" in before
    assert "shop.errors.NotFound init-rewrites-message" not in after
    assert "shop.errors.Busy" in after


def test_on_two_workers(repo: Path) -> None:
    pytest.importorskip("xdist")
    alone, shared = (
        transcript(run(repo, "--portable-errors", "--tb=no", *args))
        for args in ((), ("-n", "2", "--dist", "loadfile"))
    )
    assert section_of(alone) == section_of(shared), "\n".join(
        difflib.unified_diff(section_of(alone), section_of(shared))
    )
    assert "(exit status 1)" in alone
    assert "(exit status 1)" in shared


def section_of(told: str) -> list[str]:
    """The plugin's own section, as far as the offer to adopt."""
    section, adopt, _ = told.partition(" portable errors: ")[2].partition("\nadopt now")
    assert adopt
    return section.rstrip("=").splitlines()


def test_warnings_change_no_outcome(repo: Path) -> None:
    same_as("warn", run(repo, "--portable-errors-mode=warn"))


def test_shards_are_judged_as_one_run(repo: Path) -> None:
    """Each shard alone has a part of the defects; merged they have those of the whole run, and the
    totals are the same."""
    whole = run(repo, "--portable-errors", "--portable-errors-report=whole.json", "--tb=no")
    run(
        repo,
        "--portable-errors",
        "--portable-errors-report=a.json",
        "-k",
        "card or Busy or Refused",
    )
    run(
        repo,
        "--portable-errors",
        "--portable-errors-report=b.json",
        "-k",
        "not (card or Busy or Refused)",
    )
    merged = run(
        repo, "merge", "a.json", "b.json", "-o", "merged.json", program="pytest_portable_errors"
    )
    assert merged.returncode == 1, merged.stderr
    one, other = (json.loads((repo / name).read_text()) for name in ("whole.json", "merged.json"))
    assert one["totals"] == other["totals"]
    assert [(d["cls"], d["cause"], d["tests"]) for d in one["defects"]] == [
        (d["cls"], d["cause"], d["tests"]) for d in other["defects"]
    ]
    assert section_of(whole.stdout)[1:] == section_of(merged.stdout)[1:]


def test_a_merge_is_judged_by_a_baseline(repo: Path) -> None:
    run(repo, "--portable-errors", "--portable-errors-report=a.json", "-k", "card")
    written = run(
        repo,
        "merge",
        "a.json",
        "--baseline=known.txt",
        "--update-baseline",
        program="pytest_portable_errors",
    )
    assert "wrote known.txt: 2 known, 2 added, 0 gone" in written.stdout
    assert written.returncode == 0
    run(repo, "--portable-errors", "--portable-errors-report=b.json")
    merged = run(
        repo, "merge", "a.json", "b.json", "--baseline=known.txt", program="pytest_portable_errors"
    )
    assert merged.returncode == 1
    assert "shop.errors.PaymentError" not in merged.stdout
    assert "shop.errors.Busy" in merged.stdout


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("{", "this is no JSON"),
        ("[]", "this is no report"),
        ('{"format": "x"}', "this is no report"),
        (None, "a.json: no such file\n"),
    ],
)
def test_what_cannot_be_merged_is_named(tmp_path: Path, content: str | None, message: str) -> None:
    if content is not None:
        (tmp_path / "a.json").write_text(content)
    result = run(tmp_path, "merge", "a.json", program="pytest_portable_errors")
    assert result.returncode == 2
    assert "a.json" in result.stderr
    assert message in result.stderr
    assert ("usage" in result.stderr) == (content is not None)


def test_a_report_that_cannot_be_written_is_named(repo: Path) -> None:
    run(repo, "--portable-errors", "--portable-errors-report=a.json", "-k", "nothing")
    result = run(repo, "merge", "a.json", "-o", "moon/all.json", program="pytest_portable_errors")
    assert (result.returncode, result.stderr) == (
        2,
        "moon/all.json: no such file: there is no folder moon\n",
    )
