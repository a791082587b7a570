"""Where loky is: by itself, or in joblib, which brings a copy."""

import importlib.util
from typing import Tuple

COPY = "joblib.externals.loky"


def place() -> Tuple[str, str]:
    """The distribution that brings it, and the package."""
    is_there = importlib.util.find_spec("loky") is not None
    return ("loky", "loky") if is_there else ("joblib", COPY)
