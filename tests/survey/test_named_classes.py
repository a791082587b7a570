"""Which classes of libraries a project's code names, and where."""

from __future__ import annotations

from pathlib import Path

from pytest_portable_errors.judging.recorder import no_entries
from pytest_portable_errors.report.libraries import SurveyedClass
from pytest_portable_errors.survey.named_classes import classes_named, names_in_project

SOURCE = """
import grpc, botocore.exceptions
import google.api_core.exceptions as gexc
from openai import RateLimitError as Limit, APIError
from . import errors

try: pass
except (grpc.RpcError, Limit): pass
except gexc.NotFound as found: raise botocore.exceptions.ClientError({}, "x") from found
except errors.Own: raise
except make(): raise APIError
except* ValueError: pass
"""


def test_names(tmp_path: Path) -> None:
    (tmp_path / "shop").mkdir()
    (tmp_path / "shop" / "api.py").write_text(SOURCE.replace("except*", "except"))
    (tmp_path / "shop" / "broken.py").write_text("except (")
    (tmp_path / "tests").mkdir()
    (tmp_path / "tests" / "test_api.py").write_text("import x\ntry: pass\nexcept x.Y: pass\n")
    assert names_in_project(tmp_path) == {
        "grpc.RpcError": "shop/api.py:8 except",
        "openai.RateLimitError": "shop/api.py:8 except",
        "google.api_core.exceptions.NotFound": "shop/api.py:9 except",
        "botocore.exceptions.ClientError": "shop/api.py:9 raise",
        "openai.APIError": "shop/api.py:11 raise",
    }


CONSTANTS = """
import grpc, redis, psycopg as pg
from shop import errors
SLOW: tuple = (redis.TimeoutError, pg.OperationalError)
RETRIED = (*SLOW, grpc.RpcError) + (ValueError,)
AGAIN = RETRIED
LOOP = LOOP

try: raise pg.InterfaceError
except AGAIN: pass
except LOOP: raise redis.TimeoutError
"""


def test_names_that_stand_for_several(tmp_path: Path) -> None:
    (tmp_path / "shop").mkdir()
    (tmp_path / "shop" / "api.py").write_text(CONSTANTS)
    assert names_in_project(tmp_path) == {
        "redis.TimeoutError": "shop/api.py:4 except",
        "psycopg.OperationalError": "shop/api.py:4 except",
        "grpc.RpcError": "shop/api.py:5 except",
        "psycopg.InterfaceError": "shop/api.py:9 raise",
    }


def test_an_except_goes_before_a_raise(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("import x\nraise x.E\n")
    (tmp_path / "b.py").write_text("import x\ntry: pass\nexcept x.E: pass\n")
    (tmp_path / "c.py").write_text("import x\ntry: pass\nexcept x.E: pass\n")
    assert names_in_project(tmp_path) == {"x.E": "b.py:3 except"}


def row(cls: str, names: list[str], bases: list[str]) -> SurveyedClass:
    return SurveyedClass(cls=cls, names=names, bases=bases, entries=no_entries())


def test_a_class_is_named_by_its_names_and_by_those_of_its_bases() -> None:
    classes = [
        row("lib._errors.Base", ["lib.Base", "lib.errors.Base"], []),
        row("lib._errors.Deep", ["lib.Deep"], ["lib._errors.Middle", "lib._errors.Base"]),
        row("lib._errors.Other", ["lib.Other"], []),
        row("lib._private._Raised", [], ["lib._errors.Base"]),
        row("lib._errors.Base", [], []),  # once more, and not built
    ]
    assert classes_named(classes, {"lib.errors.Base": "a.py:1 except", "x.Y": "b.py:2 raise"}) == {
        "lib._errors.Base": "a.py:1 except",
        "lib._errors.Deep": "a.py:1 except",
        "lib._private._Raised": "a.py:1 except",
    }
    assert classes_named(classes, {"lib._errors.Other": "c.py:3 raise"}) == {
        "lib._errors.Other": "c.py:3 raise"
    }
    # What is raised is that class, and none that inherits from it.
    assert classes_named(classes, {"lib.Base": "d.py:4 raise"}) == {
        "lib._errors.Base": "d.py:4 raise"
    }
