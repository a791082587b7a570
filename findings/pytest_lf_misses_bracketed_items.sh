#!/usr/bin/env bash
# Package: pytest 9.2.0.
# Source: _pytest/nodeid.py (NodeId.parse, NodeId.child), _pytest/cacheprovider.py (LFPlugin).
#
# Expected: --lf runs the items that failed, whichever plugin made them, by their node IDs.
# Seen: an item of a plugin's own whose name ends in brackets ("check[fast]", as parametrized tests have
# it) is kept under its ID, and not found again: all items run, "known failures not in selected tests".
# The kept text is parsed into a name and its parameters, and the item's ID has the brackets in its name.
# An item that is given its whole ID as a text is found, because that is parsed likewise.
# It matters to each plugin that collects items from data files; before 9.2 both were found.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/python --version
venv/bin/pip install -qq --disable-pip-version-check pytest==9.2.0
venv/bin/python -c 'import pytest; print("pytest", pytest.__version__)'

cat >conftest.py <<'PY'
import os

import pytest


class Check(pytest.Item):
    def runtest(self):
        assert "bad" not in self.name


class File(pytest.File):
    def collect(self):
        for name in ("good[fast]", "bad[fast]"):
            whole = f"{self.nodeid}::{name}" if "GIVE_ID" in os.environ else None
            yield Check.from_parent(self, name=name, nodeid=whole)


def pytest_collect_file(file_path, parent):
    if file_path.suffix == ".checks":
        return File.from_parent(parent, path=file_path)
PY
touch data.checks

status() { venv/bin/pytest --tb=no "$@" | grep -E "^run-last-failure|^=+ .*(failed|passed)" | sed -E 's/=+//g; s/ in [0-9.]+s//; s/^ +| +$//g'; }
{
    echo "by its name"
    rm -rf .pytest_cache
    status || true
    status --lf || true
    echo "by its whole ID"
    rm -rf .pytest_cache
    export GIVE_ID=1
    status || true
    status --lf || true
} >seen

cat >expected <<'TEXT'
by its name
1 failed, 1 passed
run-last-failure: 1 known failures not in selected tests
1 failed, 1 passed
by its whole ID
1 failed, 1 passed
run-last-failure: rerun previous 1 failure
1 failed
TEXT
cat seen
diff seen expected
