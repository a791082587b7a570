"""The house's plan: imports go one way, each room may import only what stands in the plan, and each
module has its tests."""

from __future__ import annotations

import ast
import re
import sys
from pathlib import Path

import pytest

import pytest_portable_errors

TESTS = Path(__file__).parent
PACKAGE = Path(pytest_portable_errors.__file__).parent
NAME = PACKAGE.name
MODULES = sorted(PACKAGE.rglob("*.py"))
RECEIVER = [path for path in MODULES if "receiver" in path.relative_to(PACKAGE).parts]

ROOMS = (
    {"errors", "project_root", "receiver", "whole_files"},
    {"diagnosis", "receiver_names"},
    {"building"},
    {"sender", "report"},
    {"judging", "round_trip"},
    {"survey", "repair", "goldens"},
    {"run"},
    {"plugin", "__main__", "__init__"},
)
"""From the bottom up, folders and what lies loose at the top: a room imports from itself and from
the floors below, never beside it."""

TALK_TO_PYTEST = {"run", "plugin"}

FIXES = "diagnosis/test_fixes: the code that candidates print"
RECORDS = "receiver/test_record: what describes an exception"
RULES = "diagnosis/test_causes and the tests of rules, which start from facts and end in findings"
SERVER = "survival/ and receiver/test_same_replies: whole receivers, attacked"
DEPENDENCIES = "end_to_end/test_dependencies: whole runs"
SUITES = "survey/suites/test_suites: what each raises, compared by hand"
SUMMARY = "report/test_summary: whole summaries"
ROWS = "sender/carriers/test_rows: what each carrier makes of the probes"
RUNS = "end_to_end/: whole runs of pytest"
TRIPS = "test_round_trip: whole trips"
TESTED_BY = {
    "__init__": "here: the public names load on first use",
    "__main__": "end_to_end/test_inspect, test_sample_repo, diagnosis/test_explain",
    "errors": "one class without code",
    "plugin": RUNS,
    "whole_files": "repair/test_files and end_to_end/test_unwritten: full disks, links, modes",
    "project_root": "sender/test_project: the project without pytest",
    "receiver_names": "end_to_end/test_repo_wide_settings and sender/test_project: names and paths",
    "diagnosis/candidate": "diagnosis/test_fixes: candidates",
    "diagnosis/cause_names": "diagnosis/test_explain: each has a document, and is in use",
    "diagnosis/chain_recipe": FIXES,
    "diagnosis/checks": "test_readme: they are all in the reference",
    "diagnosis/class_code": "diagnosis/test_class_source",
    "diagnosis/constructor_recipes": FIXES,
    "diagnosis/described_texts": "diagnosis/test_credentials",
    "diagnosis/facts": RULES,
    "diagnosis/findings": RULES,
    "diagnosis/loss": "diagnosis/test_losses",
    "diagnosis/masking": "diagnosis/test_credentials: nothing secret is left in what is written",
    "diagnosis/pickle_machine": "diagnosis/test_pickle_reader: all of its opcodes",
    "diagnosis/pickle_opcodes": "diagnosis/test_pickle_reader: all of them",
    "diagnosis/recipe_target": FIXES,
    "diagnosis/recipes": FIXES,
    "diagnosis/same_values": "diagnosis/test_losses",
    "diagnosis/item_names": "diagnosis/test_secret_texts: pairs, options and named tuples",
    "diagnosis/secret_names": "diagnosis/test_secret_patterns",
    "diagnosis/secret_shapes": "diagnosis/test_secret_texts: published prefixes",
    "diagnosis/secret_values": "diagnosis/test_secret_texts: what is a secret, and what is none",
    "diagnosis/shown": "diagnosis/test_losses: every form of a value is shown",
    "diagnosis/stored_values": "diagnosis/test_stored",
    "report/validity": "end_to_end/test_unwritten and report/test_document: reports and no reports",
    "receiver/escaped": "diagnosis/test_printable",
    "receiver/process_tree": "survival/test_stopped: who is stopped, and what is left",
    "goldens/guard": "goldens/test_check: what is loaded, and what not",
    "goldens/loads_causes": "goldens/test_causes",
    "goldens/method_fix": "goldens/test_causes: fixes that are pasted",
    "goldens/state_causes": "goldens/test_causes",
    "goldens/made": "goldens/test_causes: goldens that are made and read",
    "goldens/offered": "goldens/test_check and end_to_end/test_goldens: what is kept",
    "goldens/reader": "goldens/test_check and test_causes",
    "goldens/release": "end_to_end/test_goldens: versions of a project",
    "goldens/trials": "goldens/test_causes: fixes that are pasted",
    "judging/expectations": "end_to_end/test_expectations",
    "judging/failure_text": "sender/test_trip: what tests say of trips",
    "judging/policies": "end_to_end/test_repo_wide_*: who fails, and with what text",
    "judging/repo_wide_policy": "end_to_end/test_repo_wide_*: who fails, and with what text",
    "judging/strict_policy": "end_to_end/test_marker and test_fixture: who fails",
    "judging/recorder": "end_to_end/test_sample_repo and report/test_tally: its rows",
    "receiver/__main__": SERVER,
    "receiver/branches": SERVER,
    "receiver/canonical": RECORDS,
    "receiver/carriers/from_apscheduler": ROWS,
    "receiver/carriers/from_arq": ROWS,
    "receiver/carriers/from_celery": ROWS,
    "receiver/carriers/from_dask": ROWS,
    "receiver/carriers/from_dask_processes": ROWS,
    "receiver/carriers/from_dbos": ROWS,
    "receiver/carriers/from_lithops": ROWS,
    "receiver/carriers/from_loky": ROWS,
    "receiver/carriers/from_mpire": ROWS,
    "receiver/carriers/from_multiprocess": ROWS,
    "receiver/carriers/from_parsl": ROWS,
    "receiver/carriers/from_prefect": ROWS,
    "receiver/carriers/from_process_pools": ROWS,
    "receiver/carriers/from_pyro5": ROWS,
    "receiver/carriers/from_ray": ROWS,
    "receiver/carriers/from_rpyc": ROWS,
    "receiver/carriers/from_taskiq": ROWS,
    "receiver/carriers/from_temporal": ROWS,
    "receiver/carriers/from_torch": ROWS,
    "receiver/carriers/from_trio_parallel": ROWS,
    "receiver/carriers/library": "sender/carriers/test_carrier: functions that have moved",
    "receiver/carriers/place_of_loky": "sender/carriers/test_carrier: by itself, or in joblib",
    "receiver/check_pool": SERVER,
    "receiver/check_settings": SERVER,
    "receiver/deadlines": "survival/test_hostile: what hangs, spins and waits",
    "receiver/described": "types alone",
    "receiver/earlier": "goldens/test_causes: what today's code expects, and repairs",
    "receiver/moved_classes": "goldens/test_causes: classes that have moved",
    "receiver/guarded_loads": "goldens/test_check, and test_causes: repairs",
    "receiver/imports": "receiver/test_isolation and isolation/: what a receiver may import",
    "receiver/limits": "survival/test_hostile: memory and time",
    "receiver/processes": SERVER,
    "receiver/reaper": "survival/test_killed: no process stays",
    "receiver/replay": "diagnosis/test_loads_failed_calls: where loads fails",
    "receiver/server": SERVER,
    "receiver/start": SERVER,
    "receiver/texts": RECORDS,
    "receiver/values": RECORDS,
    "report/decision_lines": SUMMARY,
    "report/defect_lines": SUMMARY,
    "report/fixes": "repair/test_proposals: read back as they were",
    "report/files": "report/test_document and test_page: what is written",
    "report/github": "end_to_end/test_repo_wide_options: its lines in a run on CI",
    "report/groups": SUMMARY,
    "report/defect": "report/test_tally",
    "report/known": "report/test_baseline and test_tally",
    "report/repeated": "end_to_end/test_first_run: the texts of tests",
    "report/inspection": "end_to_end/test_inspect",
    "report/merge": "end_to_end/test_sample_repo: reports of shards, merged",
    "report/outcome": SUMMARY,
    "report/page_table": "report/test_page: its cells and columns",
    "report/rows": "types, and one predicate that end_to_end/test_suite needs",
    "report/summary_line": SUMMARY,
    "run/assertions": "end_to_end/test_fixture and test_values",
    "run/capture": "end_to_end/test_capture: what is seen, in a run of pytest",
    "run/capture_patch": "end_to_end/test_capture",
    "run/case_items": "end_to_end/test_suite and test_repo_wide_survey",
    "run/checked_cases": "end_to_end/test_suite and test_repo_wide_survey",
    "run/fixtures": "end_to_end/test_fixture",
    "run/github_actions": "end_to_end/test_reports_for_ci and test_repo_wide_options",
    "run/golden_items": "end_to_end/test_goldens",
    "run/updating_goldens": "end_to_end/test_goldens",
    "run/dependency_items": DEPENDENCIES,
    "run/libraries": DEPENDENCIES,
    "run/library_limits": "three numbers",
    "run/library_survey": "run/test_library_process: what it tells",
    "run/library_worker": "run/test_library_process: what it tells",
    "run/hookspecs": "end_to_end/test_repo_wide_declared: hooks in use",
    "run/ini": "end_to_end/test_settings",
    "run/marker": "end_to_end/test_marker and test_misuse",
    "run/monitored_test": RUNS,
    "run/option_specs": "end_to_end/test_settings, and test_readme: all are in the reference",
    "run/option_values": "end_to_end/test_repo_wide_settings",
    "run/options": "end_to_end/test_repo_wide_settings",
    "run/portable_cases": "end_to_end/test_suite",
    "run/pytest_api": "four names of pytest's",
    "run/receiver_values": "end_to_end/test_receiver_setup and test_repo_wide_settings",
    "run/report_attributes": "end_to_end/test_repo_wide_xdist: through workers",
    "run/run_outcome": "end_to_end/test_repo_wide_options",
    "run/told_once": "end_to_end/test_first_run: what pytest shows, and what not",
    "run/reporter": "end_to_end/test_repo_wide_options",
    "run/rerun_command": "end_to_end/test_repo_wide_options: commands that are run again",
    "run/run": RUNS,
    "run/run_policies": RUNS,
    "run/stash": RUNS,
    "repair/method_text": "repair/test_edits: as the file has it",
    "repair/plan": "repair/test_repair: what is put back, and what is left",
    "diagnosis/reducers_table": "repair/test_reducers",
    "diagnosis/reducers_text": "repair/test_reducers: the module, imported and run",
    "repair/source_file": "repair/test_edits",
    "repair/upstream": "end_to_end/test_upstream: the text for a package's authors, and its patch",
    "run/reducers_place": "end_to_end/test_broken_repo, and tests/repair: where it is written",
    "run/repairing": "end_to_end/test_broken_repo and test_fix_bad_input: what is told",
    "sender/carriers/apscheduler": ROWS,
    "sender/carriers/arq": ROWS,
    "sender/carriers/celery": ROWS,
    "sender/carriers/dask": ROWS,
    "sender/carriers/dbos": ROWS,
    "sender/carriers/docket": ROWS,
    "sender/carriers/interpreter_pool": ROWS,
    "sender/carriers/lithops": ROWS,
    "sender/carriers/loky": ROWS,
    "sender/carriers/mpire": ROWS,
    "sender/carriers/multiprocess": ROWS,
    "sender/carriers/parsl": ROWS,
    "sender/carriers/pool_results": ROWS,
    "sender/carriers/prefect": ROWS,
    "sender/carriers/process_pools": ROWS,
    "sender/carriers/pyro5": ROWS,
    "sender/carriers/ray": ROWS,
    "sender/carriers/rpyc": ROWS,
    "sender/carriers/taskiq": ROWS,
    "sender/carriers/temporal": ROWS,
    "sender/carriers/torch": ROWS,
    "sender/carriers/trio_parallel": ROWS,
    "sender/carriers/text_only": "survey/test_carriers: its rows are printed",
    "sender/answered": "sender/test_fix_trials and test_known_missing: what is not asked again",
    "sender/arguments": "test_round_trip: misuse",
    "sender/arrival": TRIPS,
    "sender/carrier_effects": "sender/carriers: what each does",
    "sender/comparison": TRIPS,
    "sender/client": SERVER,
    "sender/copies": "sender/test_fix_trials: what fixes are tried on",
    "sender/distributions": "sender/test_project and isolation/test_layouts",
    "sender/extent": "survival/test_holds_much",
    "sender/fix_code": "sender/test_fix_trials: code that is compiled",
    "sender/garbage": "end_to_end/test_capture: nothing stays alive",
    "sender/outgoing": TRIPS,
    "sender/paths": "sender/test_project",
    "sender/pending_answer": TRIPS,
    "sender/pending_trip": TRIPS,
    "sender/process_receivers": "end_to_end/test_only_in_tests: receivers that a run shares",
    "sender/project_context": "sender/test_project",
    "sender/trip_fixes": "sender/test_fix_trials",
    "sender/receivers": "survival/ and sender/test_known_missing",
    "sender/registry": "test_round_trip: serializers by name",
    "sender/repaired": "sender/test_fix_trials, repair/test_proof: what tests raised",
    "sender/request": "sender/test_known_missing and test_fix_trials: what is asked again",
    "sender/serializers": "test_round_trip and sender/test_unpicklable",
    "sender/tried_fix": "sender/test_fix_trials: what helps, harms, and is told",
    "sender/shared": "receiver/test_hub and survival/test_shared_receivers",
    "sender/trip_facts": "test_round_trip, and sender/test_trip: whose class it is",
    "sender/unpatched": "survival/test_patched_world",
    "sender/value_trip": "end_to_end/test_values",
    "building/annotations": "building/test_values: what annotations give",
    "building/calls": "building/test_build",
    "survey/probes": ROWS,
    "survey/cases": "end_to_end/test_suite",
    "building/hints": "building/test_values",
    "building/http_messages": "building/test_values",
    "survey/population": "end_to_end/test_repo_wide_survey",
    "survey/suites/litellm": "end_to_end/test_suite",
    **{
        f"survey/suites/{name}": SUITES
        for name in sorted(
            (
                *("aiohttp", "anthropic", "botocore", "click", "google", "grpc", "grpc_server"),
                *("httpx", "openai", "psycopg", "pydantic", "redis", "requests"),
                "sqlalchemy",
            )
        )
    },
}
"""Modules without a ``test_<module>`` of their own, and what tests them."""


def room_of(module: str) -> str:
    """``sender`` for ``pytest_portable_errors.sender.client``; ``__init__`` for the package
    itself."""
    parts = module.split(".")[1:]
    return parts[0] if parts else "__init__"


def module_name(path: Path) -> str:
    """``pytest_portable_errors.sender.client``."""
    parts = path.relative_to(PACKAGE.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


KNOWN = {module_name(path) for path in MODULES}


def imported(path: Path) -> set[str]:
    """What a module imports, by its full name; for type checkers alone, or inside a function, as
    well."""
    package = (
        module_name(path) if path.name == "__init__.py" else module_name(path).rpartition(".")[0]
    )
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            above = package.rsplit(".", node.level - 1)[0] if node.level else ""
            base = ".".join(part for part in (above, node.module) if part)
            full = {f"{base}.{alias.name}" for alias in node.names}
            names |= full & KNOWN | {base for name in full if name not in KNOWN}
    return names


def own_imports(path: Path) -> set[str]:
    return {name for name in imported(path) if name.partition(".")[0] == NAME}


def level_of(room: str) -> int:
    return next(number for number, floor in enumerate(ROOMS) if room in floor)


def wrong_imports(path: Path) -> list[str]:
    """Those that go up, or to a room on the same floor."""
    own = room_of(module_name(path))
    return [
        f"{module_name(path)} imports {name}"
        for name in sorted(own_imports(path))
        if room_of(name) != own and level_of(room_of(name)) >= level_of(own)
    ]


@pytest.mark.parametrize("path", MODULES, ids=module_name)
def test_imports_go_one_way(path: Path) -> None:
    assert wrong_imports(path) == []


def test_there_is_no_circle() -> None:
    waiting = {module_name(path): own_imports(path) - {module_name(path)} for path in MODULES}
    while free := {module for module, needed in waiting.items() if not needed & waiting.keys()}:
        waiting = {module: needed for module, needed in waiting.items() if module not in free}
    assert waiting == {}


def test_an_import_turned_round_is_seen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(f"{__name__}.PACKAGE", tmp_path / NAME)
    module = tmp_path / NAME / "diagnosis" / "losses.py"
    module.parent.mkdir(parents=True)
    module.write_text(
        "from typing import TYPE_CHECKING\n\nif TYPE_CHECKING:\n    from "
        "pytest_portable_errors.sender.trip import RoundTrip\n"
    )
    assert wrong_imports(module) == [
        "pytest_portable_errors.diagnosis.losses imports pytest_portable_errors.sender.trip"
    ]


@pytest.mark.parametrize("path", RECEIVER, ids=module_name)
def test_the_receiver_imports_the_standard_library_and_itself(path: Path) -> None:
    own = ("carriers",)  # asks the carrier whose row it rebuilds, each in a function of its own
    for name in imported(path):
        if room_of(name) != "receiver" and path.parent.name not in own:
            assert name.partition(".")[0] in sys.stdlib_module_names, name
    assert path.stem in ("__init__", "__main__") or path.stem not in sys.stdlib_module_names


@pytest.mark.parametrize("path", RECEIVER, ids=module_name)
def test_the_receiver_is_written_for_python_3_8(path: Path) -> None:
    source = path.read_text()
    ast.parse(source, feature_version=(3, 8))
    assert not re.search(r"slots=|^from __future__ import annotations", source, re.MULTILINE)


def test_only_what_talks_to_pytest_imports_it() -> None:
    others = [path for path in MODULES if room_of(module_name(path)) not in TALK_TO_PYTEST]
    assert [
        f"{module_name(path)} imports {name}"
        for path in others
        for name in sorted(imported(path))
        if re.match(r"_?pytest(\.|$)", name)
    ] == []


def test_each_module_is_tested_where_its_place_says_or_it_is_said_where() -> None:
    missing = set()
    for path in MODULES:
        place = path.relative_to(PACKAGE)
        if place.stem == "__init__" and len(place.parts) > 1:
            continue  # a folder's, with no code
        if not (TESTS / place.parent / f"test_{place.stem.strip('_')}.py").exists():
            missing.add(place.with_suffix("").as_posix())
    assert missing == set(TESTED_BY)


def test_the_tests_lie_as_the_package_does() -> None:
    rooms = {
        path.name for path in PACKAGE.iterdir() if path.is_dir() and (path / "__init__.py").exists()
    }
    for room in rooms & {path.name for path in TESTS.iterdir()}:
        modules = {f"test_{path.stem.strip('_')}" for path in (PACKAGE / room).rglob("*.py")}
        strangers = {path.stem for path in (TESTS / room).rglob("test_*.py")} - modules
        assert strangers <= ABOUT_SEVERAL.get(room, set()), room


ABOUT_SEVERAL: dict[str, set[str]] = {
    "receiver": {"test_isolation", "test_record_of_chains", "test_same_replies"},
    "building": {"test_undisturbed"},
    "sender": {"test_rows"},
    "survey": {"test_suites"},
}
"""Tests in a room's folder that are about several of its modules."""


def test_the_public_names_load_on_first_use() -> None:
    for name in pytest_portable_errors.__all__:
        assert getattr(pytest_portable_errors, name) is not None
    assert sorted(pytest_portable_errors.__all__) == dir(pytest_portable_errors)
    with pytest.raises(AttributeError, match="no attribute 'missing'"):
        pytest_portable_errors.missing  # noqa: B018  # asking is the point
