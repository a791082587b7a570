"""The caller, as it runs in production: no pytest. What it is given is printed as JSON."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable

import joblib
import joblib_errors


def given(function: Callable[[str], None]) -> list[str]:
    """Class and message of what ``Parallel`` raises."""
    try:
        joblib.Parallel(n_jobs=2)([joblib.delayed(function)("a.png")])
    except Exception as error:
        return [type(error).__name__, str(error)]
    raise AssertionError("nothing was raised")


if __name__ == "__main__":
    functions = {"before": joblib_errors.resize_before, "after": joblib_errors.resize}
    answers = {name: given(function) for name, function in functions.items()}
    joblib.externals.loky.get_reusable_executor().shutdown(wait=True)
    json.dump(answers, sys.stdout)
