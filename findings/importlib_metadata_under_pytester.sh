#!/usr/bin/env bash
# Package: importlib_metadata 8.9.0 (which litellm, opentelemetry and others import) with pytest 9.2.0, Python 3.10 or newer.
# Source: the documentation of `importlib_metadata` ("a library to access the metadata for a Python package"), and
# of the fixture `pytester`, which keeps `sys.modules`, `sys.path` and `sys.meta_path` as they were before the test.
#
# Expected: importing one library in one test changes nothing for the next; each of the two puts back what it took.
# Seen: importing it takes `find_distributions` away from the standard finder and appends a finder of its own to
# `sys.meta_path`. After a test that has a pytester, `sys.meta_path` is as before, without that finder, and the standard
# one stays as it is: `importlib.metadata` finds no distribution any more, not pytest itself, until the library is
# imported anew. Whether a test suite meets it hangs on which test imports the library first.
# It matters because the tests that fail then are others, and pass by themselves.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/python --version
venv/bin/pip install -qq --disable-pip-version-check pytest==9.2.0 importlib_metadata==8.9.0
venv/bin/pip freeze -qq

cat >conftest.py <<'PY'
pytest_plugins = "pytester"
PY
cat >test_order.py <<'PY'
from importlib import metadata

import pytest


def has_pytest():
    try:
        return bool(metadata.version("pytest"))
    except metadata.PackageNotFoundError:
        return False


def test_imports_it(pytester):
    import importlib_metadata

    assert importlib_metadata.version("pytest")
    print("in the test:", has_pytest())


def test_comes_after():
    print("in the next:", has_pytest())


def test_imports_it_again():
    import importlib_metadata

    print("imported anew:", has_pytest())
PY
venv/bin/pytest -q -s test_order.py | grep -o "[a-z ]*: \(True\|False\)" | tee seen
printf 'in the test: True\nin the next: False\nimported anew: True\n' | diff - seen
