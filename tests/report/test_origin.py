"""A report says what it is about, as far as files and the environment tell it."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from reported import found

from pytest_portable_errors.report.document import document, merge_documents
from pytest_portable_errors.report.origin import Origin, commit_of, common_origin

COMMIT = "0123456789abcdef0123456789abcdef01234567"
OTHER = "f" * 40


def repository(folder: Path, **files: str) -> Path:
    """A ``.git`` with these files; two underscores stand for a slash, one for a hyphen."""
    for name, content in files.items():
        file = folder / ".git" / name.replace("__", "/").replace("_", "-")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(content)
    return folder


def git(folder: Path, *arguments: str) -> str:
    options = ("-c", "user.name=a", "-c", "user.email=a@example.com")
    done = subprocess.run(
        ["git", *options, *arguments], cwd=folder, capture_output=True, text=True, check=True
    )
    return done.stdout.strip()


@pytest.mark.parametrize("variable", ["GITHUB_SHA", "CI_COMMIT_SHA"])
def test_the_commit_is_the_one_that_ci_names(variable: str, tmp_path: Path) -> None:
    root = repository(tmp_path, HEAD=f"{OTHER}\n")
    assert commit_of(root, {variable: COMMIT}) == COMMIT
    assert commit_of(root, {variable: "/home/someone"}) == OTHER


def test_the_commit_of_what_git_makes(tmp_path: Path) -> None:
    main = tmp_path / "main"
    main.mkdir()
    git(main, "init", "-q")
    assert commit_of(main, {}) == ""  # there is none yet
    git(main, "commit", "-q", "--allow-empty", "-m", "first")
    first = git(main, "rev-parse", "HEAD")
    (main / "below").mkdir()
    assert commit_of(main / "below", {}) == first
    git(main, "worktree", "add", "-q", "-b", "side", "../side")
    assert commit_of(tmp_path / "side", {}) == first
    git(main, "pack-refs", "--all")
    assert commit_of(main, {}) == commit_of(tmp_path / "side", {}) == first
    git(main, "checkout", "-q", "--detach")
    assert commit_of(main, {}) == first


def test_the_commit_of_packed_references(tmp_path: Path) -> None:
    root = repository(
        tmp_path,
        HEAD="ref: refs/heads/main\n",
        packed_refs=f"# pack-refs with: peeled\n{OTHER} refs/heads/other\n{COMMIT} refs/heads/main\n",
    )
    assert commit_of(root, {}) == COMMIT


@pytest.mark.parametrize(
    "head", ["", "ref: refs/heads/gone", "ref: /etc/passwd", "ref: refs/../HEAD", "\x00", "no hash"]
)
def test_a_commit_that_cannot_be_told_is_none(head: str, tmp_path: Path) -> None:
    assert commit_of(repository(tmp_path, HEAD=head), {}) == ""
    (tmp_path / ".git" / "HEAD").write_bytes(b"\xff\xfe")
    assert commit_of(tmp_path, {}) == ""


def test_merged_runs_share_an_origin_where_it_is_the_same() -> None:
    one = Origin(project="shop", commit=COMMIT, date="2026-03-01T12:00:00Z")
    other = Origin(project="shop", commit=OTHER, date="2026-03-02T08:00:00Z")
    merged = Origin(project="shop", commit="", date="2026-03-02T08:00:00Z")
    assert common_origin([one, other]) == merged
    documents = [found({}, origin=one), found({}, origin=other)]
    outcome = merge_documents([("a.json", documents[0]), ("b.json", documents[1])])
    assert outcome.origin == merged
    assert document(outcome)["run"]["date"] == merged.date


def test_reports_of_earlier_versions_have_none() -> None:
    earlier = found({})
    for name in ("project", "commit", "date"):
        del earlier["run"][name]
    assert merge_documents([("a.json", earlier)]).origin == Origin()
