#!/usr/bin/env bash
# Package: minio 7.2.20, Python 3.11 or newer.
# Source: minio/error.py (S3Error.__setattr__); Python's documentation of `BaseException.add_note`, PEP 678.
#
# Expected: whoever catches an error may add a note and raise it again, whatever the error is; and
# `exc.__suppress_context__ = True` and `exc.__cause__ = other` may be set on each.
# Seen: S3Error freezes itself at the end of `__init__`; what may be set then is `__traceback__`, `__context__` and
# `__cause__` alone. `add_note` raises AttributeError in place of the error of the storage, so that an
# `except S3Error` around it is passed by. So does setting `__suppress_context__`. A cause may be set.
# It matters because the code that adds notes is general: it says which task or file an error belongs to.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/python --version
venv/bin/pip install -qq --disable-pip-version-check minio==7.2.20
venv/bin/pip freeze -qq

cat >notes.py <<'PY'
from minio.error import MinioException, S3Error, ServerError

MISSING = ("NoSuchKey", "The key does not exist", "/orders/12", "request 7", "host 3")


def annotated(call):
    try:
        call()
    except Exception as error:
        error.add_note("while packing order 12")
        raise


def missing():
    raise S3Error(None, *MISSING)


def unavailable():
    raise ServerError("the server is busy", 503)


for call in (unavailable, missing):
    try:
        annotated(call)
    except MinioException as error:
        print(f"{call.__name__}: {type(error).__name__}, notes {error.__notes__}")
    except Exception as error:
        print(f"{call.__name__}: {type(error).__name__}: {error}")

error = S3Error(None, *MISSING)
error.__cause__ = ConnectionError("reset")
print("cause:", repr(error.__cause__))
try:
    error.__suppress_context__ = False
except AttributeError as refused:
    print("context:", refused)
PY

cat >expected <<'TEXT'
unavailable: ServerError, notes ['while packing order 12']
missing: AttributeError: S3Error is frozen and does not allow attribute assignment
cause: ConnectionError('reset')
context: S3Error is frozen and does not allow attribute assignment
TEXT

venv/bin/python notes.py >seen
cat seen
diff expected seen || { echo "This has changed."; exit 1; }
