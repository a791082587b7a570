"""What the workers of real carriers run: a task that raises one of the probes."""

from __future__ import annotations

from typing import Any, NoReturn


def fail(probe: str) -> NoReturn:
    """Raise it. The probes are imported here, as a worker imports its tasks: after the library."""
    from pytest_portable_errors.survey.probes import PROBES

    raise PROBES[probe]()


class Fails:
    """A data set whose first item fails; for torch."""

    def __init__(self, probe: str) -> None:
        self.probe = probe

    def __len__(self) -> int:
        return 1

    def __getitem__(self, index: int) -> Any:
        fail(self.probe)
