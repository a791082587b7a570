"""Every carrier has a name by which it is found; other packages bring theirs by entry points."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from importlib import metadata
from pathlib import Path

import pytest
from carriers_here import CARRIERS, skip_without

from pytest_portable_errors import PortableErrorsError, check_round_trip
from pytest_portable_errors.sender.carriers import table
from pytest_portable_errors.sender.carriers.text_only import TEXT_ONLY
from pytest_portable_errors.sender.registry import Serializers

LIBRARIES = sorted({row.library for row in CARRIERS} - {""})


def imported_by(code: str, cwd: Path) -> list[str]:
    """Which of the carriers' libraries a new interpreter has imported in the end."""
    show = f"import json, sys; print(json.dumps([n for n in {LIBRARIES} if n in sys.modules]))"
    command = [sys.executable, "-c", f"{code}\n{show}"]
    done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=cwd)
    return [str(name) for name in json.loads(done.stdout.splitlines()[-1])]


def test_each_is_found_by_its_own_name() -> None:
    assert [row.name for row in CARRIERS] == list(table.names())
    assert set(table.names()) <= set(Serializers().names)
    assert table.carrier("pickle") is None


def test_no_carrier_is_in_both_tables() -> None:
    assert not TEXT_ONLY.keys() & set(table.names())


def test_the_plugin_imports_none_of_their_libraries(tmp_path: Path) -> None:
    names = "from pytest_portable_errors.sender.registry import Serializers; Serializers().names"
    assert imported_by(f"import pytest_portable_errors.plugin; {names}", tmp_path) == []


def test_nor_does_a_default_run(tmp_path: Path) -> None:
    (tmp_path / "test_shop.py").write_text(
        "import pytest\n\ndef test_it():\n    with pytest.raises(KeyError):\n        {}['k']\n"
    )
    code = "import pytest; pytest.main(['-q', '--portable-errors', '-p', 'no:cacheprovider'])"
    assert set(imported_by(code, tmp_path)) <= set(imported_by("import pytest", tmp_path))


def test_asking_for_ray_starts_no_cluster(tmp_path: Path) -> None:
    skip_without("ray")
    code = (
        "from pytest_portable_errors import check_round_trip\n"
        "assert check_round_trip(KeyError('k'), serializer='ray', receiver='stdlib').arrived_whole\n"
        "import ray; assert not ray.is_initialized()"
    )
    assert "ray" in imported_by(code, tmp_path)


@pytest.fixture
def bring(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str, str], None]:
    """``bring(name, source)``: install a distribution whose module ``queue_of_shop`` has a
    ``CARRIER``."""

    def install(name: str, source: str) -> None:
        monkeypatch.syspath_prepend(tmp_path)
        info = tmp_path / "queue_of_shop-1.0.dist-info"
        info.mkdir()
        (info / "METADATA").write_text("Metadata-Version: 2.1\nName: queue-of-shop\nVersion: 1.0\n")
        (info / "entry_points.txt").write_text(
            f"[{table.ENTRY_POINTS}]\n{name} = queue_of_shop:CARRIER\n"
        )
        (info / "RECORD").write_text("queue_of_shop.py,,\n")
        (tmp_path / "queue_of_shop.py").write_text(source)
        monkeypatch.delitem(sys.modules, "queue_of_shop", raising=False)

    return install


OWN = """
import pickle

class Queue:
    name, loader, needs = "shop-queue", "queue_of_shop:loads", ("queue_of_shop",)

    def dumps(self, exc):
        return b"shop:" + pickle.dumps(exc)

CARRIER = Queue()

def loads(payload):
    return pickle.loads(payload[5:])
"""


def test_another_package_brings_its_own(bring: Callable[[str, str], None]) -> None:
    bring("shop-queue", OWN)
    assert metadata.entry_points(group=table.ENTRY_POINTS)
    assert "shop-queue" in table.names()
    trip = check_round_trip(KeyError("k"), serializer="shop-queue", receiver="stdlib")
    assert (trip.serializer, trip.arrived_whole) == ("shop-queue", True)


def test_and_replaces_one_of_ours(bring: Callable[[str, str], None]) -> None:
    bring("docket", OWN.replace("shop-queue", "docket"))
    assert type(table.carrier("docket")).__name__ == "Queue"


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("raise RuntimeError('no licence')", "cannot be loaded: RuntimeError: no licence"),
        ("CARRIER = 3", "3 is no Serializer: it needs name: str"),
    ],
    ids=["raises", "no serializer"],
)
def test_one_that_cannot_be_used_is_named(
    bring: Callable[[str, str], None], source: str, text: str
) -> None:
    bring("shop-queue", source)
    with pytest.raises(PortableErrorsError, match=text):
        Serializers().find("shop-queue")


def test_an_unknown_name_is_told_with_all_that_are_known() -> None:
    with pytest.raises(PortableErrorsError, match=r"unknown serializer 'rayx': .*pickle.*, ray, "):
        Serializers().find("rayx")
