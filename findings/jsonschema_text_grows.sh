#!/usr/bin/env bash
# Package: jsonschema 4.26.0.
# Source: jsonschema/exceptions.py (_Error.__str__), jsonschema/_utils.py (Unset).
#
# Expected: a ValidationError that was made from a message alone prints that message, here and in the
# process that loads it: class, args and attributes all arrive.
# Seen: the loaded error goes on to tell of a schema and an instance, both "<unset>". The fields
# that nobody filled hold a sentinel that is compared by identity, and pickle makes a second sentinel.
# It matters because a text that is compared, matched or deduplicated is another one in the other process.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/python --version
venv/bin/pip install -qq --disable-pip-version-check --no-deps attrs==26.1.0 jsonschema==4.26.0 \
    jsonschema-specifications==2025.9.1 referencing==0.37.0 rpds-py==2026.9.1 typing-extensions==4.16.0
venv/bin/pip freeze -qq

cat >sender.py <<'PY'
import pathlib
import pickle

import jsonschema

error = jsonschema.ValidationError("no such colour")
print("sent:", str(error))
pathlib.Path("payload").write_bytes(pickle.dumps(error))
PY

cat >receiver.py <<'PY'
import pathlib
import pickle

error = pickle.loads(pathlib.Path("payload").read_bytes())
print("received:", str(error))
print("received message:", error.message)
PY

cat >expected <<'TEXT'
sent: no such colour
received: no such colour

Failed validating <unset> in schema:
    <unset>

On instance:
    <unset>
received message: no such colour
TEXT

venv/bin/python sender.py >seen
venv/bin/python receiver.py >>seen
cat seen
diff expected seen || { echo "This has changed."; exit 1; }
