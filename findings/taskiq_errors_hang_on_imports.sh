#!/usr/bin/env bash
# Package: taskiq 0.13.0, Python 3.10 or newer.
# Source: its guide, "Result backends" and "Task results": `result.error` is the exception that the task raised.
#
# Expected: what the caller is given hangs on the error, and on whether its class can be imported there.
# Seen: it hangs on whether its module *has been* imported. If not, the caller is given a class of the same name that is
# made up, with the right text; no `except` clause catches it. If it has been, the class is called with the stored
# `args`; where `__init__` does not take them, the caller is given a plain `Exception`, and the text is its repr.
# Pickle as the serializer makes no difference.
# It matters because an import anywhere in the caller, for another purpose, changes what a caller catches.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/python --version
venv/bin/pip install -qq --disable-pip-version-check taskiq==0.13.0
venv/bin/pip freeze -qq

cat >shop.py <<'PY'
class Refused(Exception):
    def __init__(self, order, reason):
        super().__init__(f"order {order}: {reason}")
PY
cat >worker.py <<'PY'
import pathlib

import shop
from taskiq.result import TaskiqResult
from taskiq.serializers.pickle import PickleSerializer

result = TaskiqResult(
    is_err=True, return_value=None, execution_time=0, error=shop.Refused(7, "no funds")
)
pathlib.Path("stored").write_bytes(PickleSerializer().dumpb(result.model_dump(mode="json")))
PY
cat >caller.py <<'PY'
import importlib
import pathlib
import sys

from taskiq.result import TaskiqResult
from taskiq.serializers.pickle import PickleSerializer

if "imports" in sys.argv:
    importlib.import_module("shop")
stored = PickleSerializer().loadb(pathlib.Path("stored").read_bytes())
error = TaskiqResult.model_validate(stored).error
print(f"{type(error).__module__}.{type(error).__name__}: {error}")
PY
venv/bin/python worker.py
{
    venv/bin/python caller.py
    venv/bin/python caller.py imports
} | tee seen
diff - seen <<'SEEN'
taskiq.exceptions.Refused: order 7: no funds
builtins.Exception: <class 'shop.Refused'>(('order 7: no funds',))
SEEN
