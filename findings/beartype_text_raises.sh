#!/usr/bin/env bash
# Package: beartype 0.23.1.
# Source: beartype/roar/_roarexc.py (BeartypeException.__str__, BeartypeHintViolation.__reduce__).
#
# Expected: beartype's violations have a `__reduce__` written for pickle, and a `__str__` written for
# process pools, so the text, which is all that one reads of such an error, arrives.
# Seen: the error loads without complaint and has no text: `__reduce__` makes it anew without its args, and
# `__str__` returns the first of them. So `str()` itself raises IndexError, and a printed traceback ends in
# "<exception str() failed>".
# It matters because a handler that logs what a worker raised fails in the log call.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/python --version
venv/bin/pip install -qq --disable-pip-version-check --no-deps beartype==0.23.1
venv/bin/pip freeze -qq

cat >sender.py <<'PY'
import pathlib
import pickle

from beartype import beartype
from beartype.roar import BeartypeCallHintParamViolation


@beartype
def pack(weight: int) -> None:
    pass


try:
    pack("heavy")
except BeartypeCallHintParamViolation as error:
    print("sent:", error)
    pathlib.Path("payload").write_bytes(pickle.dumps(error))
PY

cat >receiver.py <<'PY'
import pathlib
import pickle
import traceback

error = pickle.loads(pathlib.Path("payload").read_bytes())
print("received:", type(error).__name__, error.args)
try:
    str(error)
except IndexError as failure:
    print("str() raises:", failure)
printed = "".join(traceback.format_exception_only(error))
print("printed:", printed.partition(": ")[2], end="")
PY

cat >expected <<'TEXT'
sent: Function __main__.pack() parameter weight='heavy' violates type hint <class 'int'>, as str 'heavy' not instance of int.
received: BeartypeCallHintParamViolation ()
str() raises: tuple index out of range
printed: <exception str() failed>
TEXT

venv/bin/python sender.py >seen
venv/bin/python receiver.py >>seen
cat seen
diff expected seen || { echo "This has changed."; exit 1; }
