"""``--portable-errors-suite litellm`` and ``@portable_cases``, with the LiteLLM that is
installed."""

from __future__ import annotations

import contextlib
import importlib.util
import os
import re
import subprocess
import sys
from importlib import metadata
from pathlib import Path

import pytest
from chosen_plugins import NO_OTHERS, chosen
from in_matrix import MATRIX

if importlib.util.find_spec("litellm") is None:
    pytest.skip("LiteLLM is not installed", allow_module_level=True)

LOOKED_AT = {
    "litellm": (1, 110, 2),
    "openai": (3, 57, 0),
    "httpx": (0, 28, 1),
    "httpx2": (2, 16, 2),
}
"""The newest versions for which all of this was seen to hold. What a newer one brings is reported,
and not red."""


def newer_than_looked_at() -> str:
    """Those that are installed and newer, with their versions; empty if there are none."""
    newer = []
    for name, looked_at in LOOKED_AT.items():
        with contextlib.suppress(metadata.PackageNotFoundError):
            installed = metadata.version(name)
            if tuple(map(int, re.findall(r"\d+", installed)[:3])) > looked_at:
                newer.append(f"{name} {installed}")
    return ", ".join(newer)


reported_where_newer = pytest.mark.xfail(
    bool(newer_than_looked_at()),
    reason=f"newer than what was looked at: {newer_than_looked_at()}",
    strict=False,
)

EXAMPLE = Path(__file__).parents[2] / "conftest_examples" / "litellm_reducers"
SUITE = ("--portable-errors-suite", "litellm")
QUIET = {"LITELLM_LOCAL_MODEL_COST_MAP": "True"}


def pytest_in(folder: Path, *args: str) -> subprocess.CompletedProcess[str]:
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-p",
        "no:cacheprovider",
        "--color=no",
        *chosen(),
        *args,
    ]
    return subprocess.run(
        command,
        cwd=folder,
        env={**os.environ, **NO_OTHERS, **QUIET},
        capture_output=True,
        text=True,
    )


def outcomes(run: subprocess.CompletedProcess[str]) -> dict[str, str]:
    found = re.findall(
        r"^(PASSED|FAILED|SKIPPED|ERROR) (?:\.\./)*(portable-errors/litellm::\S+)",
        run.stdout,
        re.MULTILINE,
    )
    return {node: outcome for outcome, node in found}


def section_of(run: subprocess.CompletedProcess[str], name: str) -> str:
    """What pytest shows of a failed case."""
    return run.stdout.split(f"_ {name} _")[1].split("\n_____")[0]


def groups(run: subprocess.CompletedProcess[str]) -> dict[str, str]:
    """Class -> the text of the summary for a defect that it has."""
    summary = run.stdout.rpartition("= portable errors: litellm ")[2].partition("\nchecked ")[0]
    found = {}
    for text in re.split(r"\n(?=\d+  \S)", summary)[1:]:
        named = re.match(r"\d+  (\S+)", text)
        others = re.search(r"\n   the same in \d+ more class(?:es)?: (.*)", text)
        assert named is not None
        for cls in (named[1], *(others[1].split(", ") if others is not None else ())):
            found[cls] = text
    return found


RATE_LIMITS = ("-k", "RateLimitError")
"""A few classes of the suite, which take a third of the time of all: most goes into importing
LiteLLM."""
SOME_AND_ALL = [
    pytest.param(RATE_LIMITS, id="some"),
    pytest.param((), id="all", marks=MATRIX),
]


@pytest.fixture(scope="module", params=SOME_AND_ALL)
def plain(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> subprocess.CompletedProcess[str]:
    """The suite in an empty folder."""
    return pytest_in(
        tmp_path_factory.mktemp("anywhere"),
        "--portable-errors-suite",
        "litellm",
        "-rA",
        "-v",
        *request.param,
    )


all_of_it = pytest.mark.parametrize("plain", SOME_AND_ALL[1:], indirect=True)
some_of_it = pytest.mark.parametrize("plain", SOME_AND_ALL[:1], indirect=True)


@MATRIX
@reported_where_newer
def test_all_of_it_is_told_on_a_few_screens(tmp_path: Path) -> None:
    """Grouped by cause and by the ``__init__`` at fault; every class that is broken is counted."""
    told = pytest_in(tmp_path, *SUITE).stdout
    lines = told.splitlines()
    assert len(lines) <= 120
    title = re.search(
        rf"^=+ portable errors: litellm {re.escape(metadata.version('litellm'))}: "
        r"(\d+) defects in (\d+) classes =+$",
        told,
        re.MULTILINE,
    )
    assert title is not None, told
    places = [line for line in lines if re.match(r"   litellm/\S+\.py:\d+ +litellm\.", line)]
    assert len(places) == int(title[1])
    inheriting = [also.split(", ") for also in re.findall(r"; also (.*?)(?: and|$)", told, re.M)]
    more = map(int, re.findall(r"; also .* and (\d+) more$", told, re.MULTILINE))
    assert len(places) + sum(map(len, inheriting)) + sum(more) == int(title[2])
    causes = re.findall(r"^(\S+)     (\d+) defects, such as ", told, re.MULTILINE)
    assert sum(int(number) for _, number in causes) == int(title[1])
    assert told.count("\n   why: ") == told.count("\n   fix: ") == len(causes)
    assert "\nfix all: pytest --portable-errors-suite=litellm --portable-errors-fix\n" in told


@reported_where_newer
@some_of_it
def test_of_some_it_says_whether_they_arrive(plain: subprocess.CompletedProcess[str]) -> None:
    found = outcomes(plain)
    assert plain.returncode == 1, plain.stdout[-2000:]
    assert {"PASSED", "FAILED"} <= set(found.values())
    for name in ("RateLimitError", "RouterRateLimitError"):
        for serializer in ("pickle", "cloudpickle"):
            assert f"portable-errors/litellm::{name}[{serializer}]" in found
    assert all("RateLimitError" in node for node in found)


@reported_where_newer
@all_of_it
def test_it_says_which_classes_arrive_and_which_do_not(
    plain: subprocess.CompletedProcess[str],
) -> None:
    found = outcomes(plain)
    assert plain.returncode == 1, plain.stdout[-2000:]
    assert {"PASSED", "FAILED"} <= set(found.values())
    # The names that LiteLLM documents; whether they arrive is this version's own.
    for name in (
        "RateLimitError",
        "AuthenticationError",
        "Timeout",
        "RouterRateLimitError",
        "ProxyException",
        "BaseLLMException",
    ):
        for serializer in ("pickle", "cloudpickle"):
            assert f"portable-errors/litellm::{name}[{serializer}]" in found


@reported_where_newer
def test_a_failure_explains_itself(plain: subprocess.CompletedProcess[str]) -> None:
    # The chain is carried by no version: plain pickle drops it.
    section = section_of(plain, "RateLimitError[raised-429-pickle]")
    assert re.search(r"(does not arrive|arrives changed: .*chain)", section)
    told = re.search(r"; same defect as (\S+), see the summary$", section, re.MULTILINE)
    assert told is not None or "  why " in section
    if told is not None:
        assert re.search(r"\n     why ", groups(plain)[told[1]])


@reported_where_newer
def test_every_failing_class_has_a_fix_that_was_tried_and_arrives_whole_with_its_chain(
    plain: subprocess.CompletedProcess[str],
) -> None:
    failed = [node for node, outcome in outcomes(plain).items() if outcome == "FAILED"]
    told = groups(plain)
    for node in failed:
        for cls in re.findall(
            r"^(\S+) (?:does not arrive|arrives changed)",
            section_of(plain, node.rpartition("::")[2]),
            re.MULTILINE,
        ):
            assert cls in told
    assert failed
    for text in told.values():
        fixes = text.split("\n     fix   ")[1:]
        assert fixes, text
        for fix in fixes:
            assert re.search(
                r"^ *\(tried: arrives whole(?:, without exc[\w.]*\.headers\['authorization'\])?\)$",
                fix,
                re.MULTILINE,
            ), text
            assert "tried with a cause whose class the receiver lacks, too" in fix


@reported_where_newer
def test_the_key_of_openai_s_errors_is_nowhere(
    plain: subprocess.CompletedProcess[str], tmp_path: Path
) -> None:
    alone = pytest_in(tmp_path, *SUITE, "-v", "-k", "raised-429-pickle")
    assert "without exc.__context__.__context__.request.headers['authorization']" in alone.stdout, (
        "the control: it would have been"
    )
    assert "Bearer " not in alone.stdout + plain.stdout


@reported_where_newer
@pytest.mark.parametrize(
    "status",
    [
        400,
        401,
        403,
        404,
        408,
        422,
        429,
        500,
        502,
        503,
        "context-window",
        "content-policy",
        "timeout",
        "refused",
    ],
)
@all_of_it
def test_every_refusal_is_raised_for_real(
    plain: subprocess.CompletedProcess[str], status: object
) -> None:
    names = [node for node in outcomes(plain) if f"[raised-{status}-pickle]" in node]
    assert len(names) == 1
    assert "::nothing[" not in names[0]


@reported_where_newer
def test_a_class_that_could_not_be_built_is_not_passed(
    plain: subprocess.CompletedProcess[str],
) -> None:
    counts = {
        word: int(count)
        for count, word in re.findall(
            r"(\d+) (failed|passed|skipped)", plain.stdout.splitlines()[-1]
        )
    }
    assert counts["failed"] + counts["passed"] >= 0.95 * sum(counts.values())
    for reason in re.findall(r"^SKIPPED .*", plain.stdout, re.MULTILINE):
        assert "could not be built: " in reason or "raised nothing" in reason


@MATRIX
@reported_where_newer
@pytest.mark.parametrize("selected", SOME_AND_ALL)
def test_with_the_examples_conftest_all_arrive(selected: tuple[str, ...]) -> None:
    run = pytest_in(EXAMPLE, "--portable-errors-suite", "litellm", "-rA", *selected)
    assert run.returncode == 0, run.stdout[-3000:]
    assert set(outcomes(run).values()) <= {"PASSED", "SKIPPED"}
    assert list(outcomes(run).values()).count("PASSED") > (5 if selected else 100)


@all_of_it
def test_two_workers_of_xdist_have_the_same_outcomes(
    plain: subprocess.CompletedProcess[str], tmp_path: Path
) -> None:
    pytest.importorskip("xdist")
    parallel = pytest_in(tmp_path, "--portable-errors-suite", "litellm", "-rA", "-n", "2")
    assert outcomes(parallel) == outcomes(plain)


@pytest.fixture
def with_tests(tmp_path: Path) -> Path:
    """A folder with a test of its own, and one of the suite's cases."""
    (tmp_path / "test_mine.py").write_text(
        "from pytest_portable_errors import portable_cases\n\n"
        "def test_mine(): pass\n\n"
        "@portable_cases('litellm')\ndef test_cases(portable_case): assert "
        "portable_case.subject.name\n"
    )
    return tmp_path


@MATRIX
def test_without_paths_the_suite_alone_is_collected(with_tests: Path) -> None:
    without_paths = pytest_in(with_tests, *SUITE, "--co", "-q")
    assert "test_mine" not in without_paths.stdout
    assert "portable-errors/litellm::RateLimitError[pickle]" in without_paths.stdout


@MATRIX
def test_with_paths_the_suite_is_collected_with_them(with_tests: Path) -> None:
    with_paths = pytest_in(with_tests, *SUITE, "test_mine.py", "--co", "-q")
    assert "test_mine.py::test_mine" in with_paths.stdout
    assert "test_mine.py::test_cases[RateLimitError-cloudpickle]" in with_paths.stdout
    assert "portable-errors/litellm::RateLimitError[pickle]" in with_paths.stdout


@MATRIX
def test_cases_are_selected_by_keyword(with_tests: Path) -> None:
    selected = pytest_in(
        with_tests,
        "test_mine.py",
        "-k",
        "test_mine and (OpenAIError or test_mine) and raised-429",
        "-q",
    )
    assert "2 failed" in selected.stdout


def test_without_litellm_it_says_how_to_install_it(tmp_path: Path) -> None:
    (tmp_path / "conftest.py").write_text(
        "import importlib.metadata as metadata\nreal = metadata.version\n"
        "def version(name):\n    if name == 'litellm': raise "
        "metadata.PackageNotFoundError(name)\n    return real(name)\n"
        "metadata.version = version  # the one thing that tells whether it is installed\n"
    )
    run = pytest_in(tmp_path, "--portable-errors-suite", "litellm")
    assert run.returncode == 2
    assert (
        "the suite litellm needs LiteLLM: pip install 'pytest-portable-errors[litellm]'"
        in run.stdout
    )


CASES_UNDER_A_FIXTURE = """
import copyreg
import litellm
import pytest
from pytest_portable_errors import portable_cases

def broken(exc):
    return RuntimeError, ("made by the fixture",)

@pytest.fixture
def all_broken(monkeypatch):
    for cls in vars(litellm.exceptions).values():
        if isinstance(cls, type) and issubclass(cls, BaseException):
            monkeypatch.setitem(copyreg.dispatch_table, cls, broken)

@pytest.mark.usefixtures("all_broken")
@portable_cases("litellm")
def test_cases(portable_case):
    built = portable_case.subject.instances() if not portable_case.subject.origin else []
    if not built or type(built[0].exc).__module__ != "litellm.exceptions":
        pytest.skip("those that the fixture knows, as they are built, are enough")
"""


@MATRIX
def test_a_case_is_sent_within_its_test_as_the_tests_fixtures_have_made_the_world(
    tmp_path: Path,
) -> None:
    """In a run of everything, too, which sends the cases of its own suites ahead."""
    (tmp_path / "test_cases.py").write_text(CASES_UNDER_A_FIXTURE)
    (tmp_path / "pytest.ini").write_text("[pytest]\nportable_errors_serializers = pickle\n")
    run = pytest_in(tmp_path, "--tb=short", "-rf")
    assert re.search(r"^=+ \d+ failed, \d+ skipped", run.stdout, re.MULTILINE), (
        "none passes: " + run.stdout[-1500:]
    )
    failed = len(re.findall(r"^FAILED ", run.stdout, re.MULTILINE))
    assert failed > 10
    assert (
        len(re.findall(r"^  \+ message +made by the fixture$", run.stdout, re.MULTILINE)) == failed
    ), "each for what the fixture made of it"
