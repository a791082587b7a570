"""Whatever a constructor does, the run goes on, and sees none of it."""

from __future__ import annotations

import signal
import sys
import time
import warnings

import pytest

from pytest_portable_errors.building.build import CannotBuild, build


def test_what_it_prints_and_warns_is_not_seen(capsys: pytest.CaptureFixture[str]) -> None:
    class Loud(Exception):
        def __init__(self, message: str) -> None:
            print("loud")
            print("louder", file=sys.stderr)
            warnings.warn("do not use Loud", DeprecationWarning, stacklevel=2)
            super().__init__(message)

    assert build(Loud, values={})
    assert capsys.readouterr() == ("", "")


def test_one_that_exits_is_not_built() -> None:
    class Exits(Exception):
        def __init__(self) -> None:
            sys.exit(3)

    with pytest.raises(CannotBuild, match="SystemExit: 3"):
        build(Exits, values={})


@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="no timers here")
def test_one_that_hangs_is_given_up_and_other_timers_go_on(monkeypatch: pytest.MonkeyPatch) -> None:
    class Hangs(Exception):
        def __init__(self, message: str) -> None:
            while True:
                try:
                    time.sleep(60)
                except Exception:
                    continue

    monkeypatch.setattr("pytest_portable_errors.building.build._LONGEST", 0.2)
    rang: list[int] = []
    before = signal.signal(signal.SIGALRM, lambda number, _: rang.append(number))
    try:
        signal.setitimer(signal.ITIMER_REAL, 0.4)
        with pytest.raises(CannotBuild, match="took longer than"):
            build(Hangs, values={})
        assert not rang
        time.sleep(0.5)
        assert rang
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def test_a_metaclass_that_misbehaves_is_a_reason() -> None:
    class Meta(type):
        def __call__(cls, *args: object, **kwargs: object) -> object:
            raise LookupError("not today")

    class Strange(Exception, metaclass=Meta):
        pass

    with pytest.raises(CannotBuild, match="LookupError: not today"):
        build(Strange, values={})
