#!/usr/bin/env bash
# Package: tomli 2.5.0 for Python 3.11, on a platform for which it has a compiled wheel.
# Source: tomli/_parser.py (TOMLDecodeError).
#
# Expected: pickle keeps what `vars(error)` shows, and one version of one package does so whichever of its
# wheels was installed.
# Seen: `vars(error)` shows msg, doc, pos, lineno and colno with both wheels. With the pure wheel they all
# arrive, with the compiled one only the text does: its class, made by mypyc, has a `__dict__` of its own
# beside the one that exceptions have, and the latter, which is empty, is the one that is pickled. With
# Python 3.12 and 3.13 the compiled wheel's attributes arrive too.
# It matters because a test elsewhere is green, and here a handler that reads `error.lineno` meets
# AttributeError.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3.11 -m venv compiled
python3.11 -m venv pure
compiled/bin/pip install -qq --disable-pip-version-check --no-deps --only-binary :all: tomli==2.5.0
pure/bin/pip install -qq --disable-pip-version-check --no-deps --only-binary :all: tomli==2.5.0 \
    --platform any --implementation py --abi none --target wheel
cp -R wheel/. "$(pure/bin/python -c 'import sysconfig; print(sysconfig.get_path("purelib"))')"
compiled/bin/python --version
for wheel in compiled pure; do
    echo "$wheel: $($wheel/bin/pip freeze -qq)"
done

cat >sender.py <<'PY'
import pathlib
import pickle

import tomli

try:
    tomli.loads("a = 1\nb = ")
except tomli.TOMLDecodeError as error:
    print("  sent:", error, "/", *vars(error))
    pathlib.Path("payload").write_bytes(pickle.dumps(error))
PY

cat >receiver.py <<'PY'
import pathlib
import pickle

error = pickle.loads(pathlib.Path("payload").read_bytes())
kept = [name for name in ("msg", "doc", "pos", "lineno", "colno") if hasattr(error, name)]
print("  received:", error, "/", *kept)
PY

cat >expected <<'TEXT'
pure to pure
  sent: Invalid value (at end of document) / msg doc pos lineno colno
  received: Invalid value (at end of document) / msg doc pos lineno colno
pure to compiled
  sent: Invalid value (at end of document) / msg doc pos lineno colno
  received: Invalid value (at end of document) / msg doc pos lineno colno
compiled to pure
  sent: Invalid value (at end of document) / msg doc pos lineno colno
  received: Invalid value (at end of document) /
compiled to compiled
  sent: Invalid value (at end of document) / msg doc pos lineno colno
  received: Invalid value (at end of document) /
TEXT

# Loading also calls the constructor in a way that tomli calls deprecated; that is not what this is about.
for sender in pure compiled; do
    for receiver in pure compiled; do
        echo "$sender to $receiver"
        $sender/bin/python sender.py
        $receiver/bin/python -W ignore::DeprecationWarning receiver.py
    done
done >seen
cat seen
diff expected seen || { echo "This has changed."; exit 1; }
