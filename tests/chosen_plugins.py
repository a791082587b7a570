"""Runs of pytest that load the plugins that they name, and none that is merely installed.

All that is installed loads into every run that a test starts, and takes longer than what is tested:
Hypothesis's plugin alone a second of each. The runs that are about another plugin name it; those of
the README, of the installs and of a stranger load all that there is, as they would for anybody.
"""

from __future__ import annotations

import importlib.util

NO_OTHERS = {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
"""In the environment of a run: nothing loads by being installed."""


def chosen(*wanted: str) -> tuple[str, ...]:
    """Options that load this plugin, pytest-xdist where it is installed, and those wanted, each by
    the name of its entry point, e.g. ``asyncio``."""
    xdist = ("xdist",) if importlib.util.find_spec("xdist") else ()
    return tuple(option for name in ("portable_errors", *xdist, *wanted) for option in ("-p", name))
