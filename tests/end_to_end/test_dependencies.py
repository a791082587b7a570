"""``pytest --portable-errors-survey dependencies``: the libraries that a project requires."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from chosen_plugins import chosen
from installed import install
from processes import wait_until_gone

ERRORS = """
class {name}(Exception):
    def __init__(self, code, reason):
        super().__init__(reason)
        self.code = code

class Whole(Exception):
    pass
"""
Run = Callable[..., pytest.RunResult]


@pytest.fixture
def run(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Run:
    """Runs pytest in a project that requires three made-up libraries, one of which is missing."""
    site = tmp_path / "site"
    install(site, "lossy-lib", {"lossy_lib/__init__.py": ERRORS.format(name="Refused")})
    install(site, "whole-lib", {"whole_lib.py": "class Fine(Exception): pass"}, version="2.1")
    install(site, "other-lib", {"other_lib.py": ERRORS.format(name="Other")})
    monkeypatch.setenv("PYTHONPATH", str(site), prepend=os.pathsep)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    pytester.makepyprojecttoml(
        """
        [project]
        name = "shop"
        dependencies = ["lossy-lib", "whole-lib>=2", "other-lib", "missing-lib"]
        [tool.pytest.ini_options]
        """
    )
    pytester.mkpydir("shop")
    (pytester.path / "shop" / "api.py").write_text(
        "import lossy_lib\ntry:\n    pass\nexcept lossy_lib.Refused:\n    pass\n"
    )

    def run(*args: str, survey: bool = True) -> pytest.RunResult:
        asked = ["--portable-errors-survey", "dependencies"] if survey else []
        # What lies on PYTHONPATH is no installed library to a receiver that lacks the project.
        receiver = ["--portable-errors-receiver", "with-project"]
        return pytester.runpytest_subprocess(*chosen(), *asked, *receiver, *args)

    return run


def test_the_table_and_what_the_code_names(run: Run) -> None:
    result = run()
    result.assert_outcomes(passed=2, failed=1, skipped=1)
    result.stdout.fnmatch_lines(
        [
            "*dependencies: 4 libraries, 5 exception classes: 2 do not arrive as they were*",
            "library        classes  whole  lossy  credentials",
            "lossy-lib 1.0        2      1      1               1 init-does-not-fit-args",
            "other-lib 1.0        2      1      1               1 init-does-not-fit-args",
            "all whole: whole-lib 2.1",
            "missing-lib: it is not installed here",
            "your code names 1 of those that are lost:",
            "  shop/api.py:4 except: lossy_lib.Refused (init-does-not-fit-args)",
            "*portable errors: 1 defect in 1 class*",
            "1  lossy_lib.Refused *broken everywhere*met when built*",
            "   fix: register a reducer for lossy_lib.Refused, *(tried on * instances: arrives whole)",
            "   rerun: pytest --portable-errors-survey=dependencies * -k lossy-lib",
        ]
    )
    assert result.ret == 1


def test_selected_and_listed(run: Run) -> None:
    run("-k", "whole-lib").assert_outcomes(passed=1, deselected=3)
    listed = run("--collect-only", "-q")
    listed.stdout.fnmatch_lines(["portable-errors/dependencies::lossy-lib"])
    assert "exception classes" not in listed.stdout.str()


def test_again_from_the_cache_and_without(run: Run, tmp_path: Path) -> None:
    first = run().stdout.str()
    folder = tmp_path / "cache" / "pytest-portable-errors" / "libraries"
    files = {file: file.stat().st_mtime_ns for file in folder.iterdir()}
    assert len(files) == 3
    assert _table(run().stdout.str()) == _table(first)
    for file in files:
        stored = json.loads(file.read_text())
        stored["library"]["row"]["said"] = ["from the cache"]
        file.write_text(json.dumps(stored))
    assert run().stdout.str().count(": from the cache") == 3
    assert "from the cache" not in run("--portable-errors-no-cache").stdout.str()
    (tmp_path / "site" / "whole_lib.py").write_text("")
    (tmp_path / "site" / "whole_lib-2.1.dist-info").rename(
        tmp_path / "site" / "whole_lib-2.2.dist-info"
    )
    (tmp_path / "site" / "whole_lib-2.2.dist-info" / "METADATA").write_text(
        "Metadata-Version: 2.1\nName: whole-lib\nVersion: 2.2\n"
    )
    run().stdout.fnmatch_lines(["no exception class: whole-lib 2.2"])


def test_a_cut_library_is_not_kept(run: Run, tmp_path: Path) -> None:
    install(tmp_path / "site", "other-lib", {"other_lib.py": "import os; os._exit(3)"})
    said = "other-lib 1.0: cut: its process exited in its midst, status 3"
    run().stdout.fnmatch_lines([said])
    kept = (tmp_path / "cache" / "pytest-portable-errors" / "libraries").iterdir()
    assert sorted(file.name.rpartition("-")[0] for file in kept) == ["lossy-lib", "whole-lib"]
    run().stdout.fnmatch_lines([said])


def test_from_the_cache_lines_of_the_project_are_those_of_now(
    run: Run, pytester: pytest.Pytester
) -> None:
    run()
    api = pytester.path / "shop" / "api.py"
    api.write_text(f"import os\n{api.read_text()}")
    run().stdout.fnmatch_lines(["  shop/api.py:5 except: lossy_lib.Refused *"])


def _table(text: str) -> str:
    return text[text.index("dependencies: 4") : text.index("rerun:")]


def test_with_workers(run: Run) -> None:
    pytest.importorskip("xdist")
    result = run("-n", "2")
    result.assert_outcomes(passed=2, failed=1, skipped=1)
    result.stdout.fnmatch_lines(
        ["*4 libraries, 5 exception classes*", "lossy-lib 1.0 *", "*1 defect in 1 class*"]
    )


def test_warn_and_a_baseline_fail_nothing(run: Run) -> None:
    run("--portable-errors-mode=warn", "--portable-errors-no-cache").assert_outcomes(
        passed=3, skipped=1
    )
    assert run("--portable-errors-update-baseline", "--portable-errors").ret == 0
    run().assert_outcomes(passed=3, skipped=1)


def test_the_report(run: Run, pytester: pytest.Pytester) -> None:
    run("--portable-errors-report=report.json")
    report: dict[str, Any] = json.loads((pytester.path / "report.json").read_text())
    rows = {row["library"]: row for row in report["libraries"]}
    assert rows["lossy-lib"]["named"] == [
        ["lossy_lib.Refused", "init-does-not-fit-args", "shop/api.py:4 except"]
    ]
    assert (rows["missing-lib"]["version"], rows["whole-lib"]["whole"]) == ("", 1)
    merged = pytester.run(
        *(sys.executable, "-m", "pytest_portable_errors", "merge"),
        *("report.json", "-o", "all.json"),
    )
    assert merged.ret == 1
    again = json.loads((pytester.path / "all.json").read_text())
    assert again["libraries"] == report["libraries"]


def test_fixes_are_written_and_hold(run: Run, pytester: pytest.Pytester) -> None:
    run()  # what that has kept does not keep fixes from being proved
    result = run("--portable-errors-fix")
    result.stdout.fnmatch_lines(["portable errors: fixed 1 of 1 defect in 1 file"])
    text = (pytester.path / "shop" / "exception_reducers.py").read_text()
    assert '"lossy_lib.Refused",' in text
    (pytester.path / "shop" / "worker.py").write_text("from shop import exception_reducers\n")
    result = run()
    result.assert_outcomes(passed=3, skipped=1)
    result.stdout.fnmatch_lines(["other-lib 1.0 *", "all whole: lossy-lib 1.0, whole-lib 2.1"])


def test_nothing_says_what_it_requires(run: Run, pytester: pytest.Pytester) -> None:
    (pytester.path / "pyproject.toml").write_text("[tool.pytest.ini_options]\n")
    result = run()
    result.stdout.fnmatch_lines(["*nothing in * says what the project requires: expected *"])
    assert result.ret == 2


def test_depth(run: Run, tmp_path: Path) -> None:
    install(
        tmp_path / "site", "whole-lib", {"whole_lib.py": ""}, requires=("deep-lib",), version="2.1"
    )
    install(tmp_path / "site", "deep-lib", {"deep_lib.py": "class Deep(Exception): pass"})
    assert "deep-lib" not in run().stdout.str()
    run("--portable-errors-survey-depth", "2").stdout.fnmatch_lines(["all whole: deep-lib 1.0"])
    wrong = run("--portable-errors-survey-depth", "0")
    wrong.stderr.fnmatch_lines(['*--portable-errors-survey-depth: "0": expected *'])


def test_the_atlas_is_told_where_nothing_is_surveyed(
    run: Run, pytester: pytest.Pytester, tmp_path: Path
) -> None:
    """Of the very version that was seen, in a run that checks all; not where that is switched off."""
    from pytest_portable_errors.report.digest import _digest

    seen = _digest()["grpcio"]
    install(tmp_path / "site", "grpcio", {"made_up.py": ""}, version=seen.version)
    pytester.makepyprojecttoml(
        """
        [project]
        name = "shop"
        dependencies = ["grpcio"]
        [tool.pytest.ini_options]
        """
    )
    pytester.makepyfile("def test_it(): pass")
    line = f"*portable errors: grpcio {seen.version} is among your dependencies: *checks yours"
    run("--portable-errors", survey=False).stdout.fnmatch_lines([line])
    for args in (("-o", "portable_errors_atlas=false", "--portable-errors"), ()):
        assert "among your dependencies" not in run(*args, survey=False).stdout.str()


@pytest.mark.skipif(os.name == "nt", reason="signals of POSIX")
def test_interrupted_it_ends_what_it_has_started(
    run: Run, pytester: pytest.Pytester, tmp_path: Path
) -> None:
    noted = tmp_path / "pid"
    install(
        tmp_path / "site",
        "other-lib",
        {
            "other_lib.py": f"import os, time\nopen({str(noted)!r}, 'w').write(str(os.getpid()))\n"
            "time.sleep(600)\n"
        },
    )
    pytester.makeconftest(
        f"""
        import os, signal, threading, time

        def interrupt():
            while not os.path.exists({str(noted)!r}):
                time.sleep(0.05)
            os.kill(os.getpid(), signal.SIGINT)

        def pytest_runtestloop(session):
            signal.signal(signal.SIGINT, signal.default_int_handler)
            threading.Thread(target=interrupt, daemon=True).start()
        """
    )
    assert run().ret == pytest.ExitCode.INTERRUPTED
    assert not wait_until_gone([int(noted.read_text())], seconds=20)
