"""agent-memory-server: background tasks call a model, Docket's worker pickles what they fail with,
and its clients rebuild it.

In production LiteLLM's errors did not arrive, so a pull request gave fifteen of its classes a
``__reduce__``. Its tests were green, and its reviewers went on finding what they did not look at.
``test_first_patch.py`` holds that patch against the plugin, which finds the same;
``test_agent_memory.py`` has the version that answers the reviews.
"""

from __future__ import annotations

import copyreg

import pytest
from memory_app.litellm_pickling import PACKAGES


@pytest.fixture
def plain_libraries(monkeypatch: pytest.MonkeyPatch) -> None:
    """LiteLLM and what it stands on as they are installed, whatever else in this process may have
    registered for them."""
    for cls in list(copyreg.dispatch_table):
        if cls.__module__.partition(".")[0] in PACKAGES and issubclass(cls, BaseException):
            monkeypatch.delitem(copyreg.dispatch_table, cls)
