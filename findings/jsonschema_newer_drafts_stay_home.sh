#!/usr/bin/env bash
# Package: jsonschema 4.26.0.
# Source: jsonschema/exceptions.py (_Error._set), jsonschema/_types.py (draft6_type_checker).
#
# Expected: the error of a validator holds JSON data and a path, so that it can be pickled; and whether
# it can does not depend on which draft of the standard the schema is of.
# Seen: each error also keeps the type checker of its validator. That of Draft 3 and 4 is made of named
# functions, and pickles; from Draft 6 on it has a lambda for "integer", and no error can be pickled.
# It matters because a schema that is moved to a newer draft takes its errors out of every queue and pool.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/python --version
venv/bin/pip install -qq --disable-pip-version-check --no-deps attrs==26.1.0 jsonschema==4.26.0 \
    jsonschema-specifications==2025.9.1 referencing==0.37.0 rpds-py==2026.9.1 typing-extensions==4.16.0
venv/bin/pip freeze -qq

cat >drafts.py <<'PY'
import pickle

import jsonschema

SCHEMA = {"properties": {"colour": {"type": "string"}}}
for draft in ("Draft3", "Draft4", "Draft6", "Draft7", "Draft201909", "Draft202012"):
    validator = getattr(jsonschema, f"{draft}Validator")(SCHEMA)
    (error,) = validator.iter_errors({"colour": 7})
    try:
        pickle.dumps(error)
        print(draft, "pickled:", error.message)
    except Exception as refused:
        print(draft, "not pickled:", type(refused).__name__)
PY

cat >expected <<'TEXT'
Draft3 pickled: 7 is not of type 'string'
Draft4 pickled: 7 is not of type 'string'
Draft6 not pickled: PicklingError
Draft7 not pickled: PicklingError
Draft201909 not pickled: PicklingError
Draft202012 not pickled: PicklingError
TEXT

venv/bin/python drafts.py >seen
cat seen
diff expected seen || { echo "This has changed."; exit 1; }
