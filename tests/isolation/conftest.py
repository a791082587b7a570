"""What the tests on real installs share."""

from __future__ import annotations

import importlib.util
import os
from pathlib import Path

import pytest
from isolation import projects
from isolation.environments import Bench, make_bench


@pytest.fixture(scope="session")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Bench:
    """Made once, for all workers of a run: an environment with this plugin, installed from its
    wheel, for others to be cloned from."""
    if importlib.util.find_spec("pip") is None:
        pytest.skip("this environment has no pip to install projects with")
    of_the_run = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:  # its folder lies in the one of the run
        of_the_run = of_the_run.parent
    return make_bench(
        tmp_path_factory.mktemp("isolation"),
        base=of_the_run / "isolation-base",
        plugin=Path(__file__).parents[2],
    )


@pytest.fixture(scope="session")
def their_portion(bench: Bench) -> Path:
    """A wheel of a third party's portion of the namespace."""
    return bench.wheel(projects.NAMESPACED_THEIRS.write(bench.new_folder()))
