#!/usr/bin/env bash
# Package: attrs 26.1.0, Python 3.11 or newer.
# Source: attr/_make.py (_make_getstate_setstate); documentation of `attrs.define`, `getstate_setstate`.
#
# Expected: pickle keeps an exception's notes and the attributes that were set on it, since they are in its
# `__dict__`; attrs gives slotted classes `__getstate__` and `__setstate__` so that they can be pickled.
# Seen: an error made with `attrs.define` arrives with its fields, and without notes and added attributes.
# The generated `__setstate__` is called with the whole `__dict__`, and takes only the fields out of it.
# With `slots=False` everything arrives.
# It matters because notes are how a worker says which task an error belongs to, and nothing warns.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/python --version
venv/bin/pip install -qq --disable-pip-version-check --no-deps attrs==26.1.0
venv/bin/pip freeze -qq

cat >orders.py <<'PY'
import attrs


class Plain(Exception):
    pass


@attrs.define
class Slotted(Exception):
    code: int


@attrs.define(slots=False)
class NotSlotted(Exception):
    code: int
PY

cat >sender.py <<'PY'
import pathlib
import pickle

import orders

errors = []
for error_class in (orders.Plain, orders.NotSlotted, orders.Slotted):
    error = error_class(7)
    error.add_note("while packing order 12")
    error.worker = "w3"
    errors.append(error)
pathlib.Path("payload").write_bytes(pickle.dumps(errors))
PY

cat >receiver.py <<'PY'
import pathlib
import pickle

for error in pickle.loads(pathlib.Path("payload").read_bytes()):
    notes = getattr(error, "__notes__", None)
    print(f"{type(error).__name__}: {error.args}, notes {notes}, worker {getattr(error, 'worker', None)}")
PY

cat >expected <<'TEXT'
Plain: (7,), notes ['while packing order 12'], worker w3
NotSlotted: (7,), notes ['while packing order 12'], worker w3
Slotted: (7,), notes None, worker None
TEXT

venv/bin/python sender.py
venv/bin/python receiver.py >seen
cat seen
diff expected seen || { echo "This has changed."; exit 1; }
