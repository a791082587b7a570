#!/usr/bin/env bash
# Package: tblib 3.2.2, Python 3.11 or newer.
# Source: tblib/__init__.py (Traceback.as_traceback).
#
# Expected: tblib carries a traceback to another process, and Python prints it there as it would have here;
# or, if the columns are not carried, without the marks below the line.
# Seen: the line is right and the marks are wrong. They are the columns of the little program that tblib
# compiles to have a traceback raised, laid over the project's line: here they begin inside `return`.
# It matters because the marks say which of several lookups in one line failed, and a reader believes them.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/python --version
venv/bin/pip install -qq --disable-pip-version-check --no-deps tblib==3.2.2
venv/bin/pip freeze -qq

cat >marked.py <<'PY'
import linecache
import traceback


def marked(error):
    """The part of the source line that Python marks in the last frame."""
    frame = traceback.extract_tb(error.__traceback__)[-1]
    return linecache.getline(frame.filename, frame.lineno)[frame.colno : frame.end_colno]
PY

cat >sender.py <<'PY'
import pathlib
import pickle

from marked import marked
from tblib import pickling_support


def total(order):
    return order["price"] * order["count"]["boxes"]


try:
    total({"price": 3, "count": {"bags": 2}})
except KeyError as error:
    pickling_support.install()
    print("sent:", marked(error))
    pathlib.Path("payload").write_bytes(pickle.dumps(error))
PY

cat >receiver.py <<'PY'
import pathlib
import pickle
import traceback

from marked import marked

error = pickle.loads(pathlib.Path("payload").read_bytes())
print("received:", marked(error))
print("line:", traceback.extract_tb(error.__traceback__)[-1].line)
PY

cat >expected <<'TEXT'
sent: order["count"]["boxes"]
received: turn order["price
line: return order["price"] * order["count"]["boxes"]
TEXT

venv/bin/python sender.py >seen
venv/bin/python receiver.py >>seen
cat seen
diff expected seen || { echo "This has changed."; exit 1; }
