#!/usr/bin/env bash
# Package: openai 3.57.0.
# Source: openai/_utils/_proxy.py (__class__ of the proxies in the module's namespace).
#
# Expected: asking of a module's values whether they are classes reads something, and imports nothing.
# Seen: names such as openai.beta and openai.audio are proxies whose __class__ loads what they stand for,
# and isinstance asks for it: one loop over the module imports more than a thousand further modules.
# It matters to documentation tools, linters and test plugins that look through modules for classes; with
# issubclass(type(value), type) nothing is imported.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/python --version
venv/bin/pip install -qq --disable-pip-version-check openai==3.57.0
venv/bin/pip freeze -qq | grep openai

cat >look.py <<'PY'
import sys

import openai

values = list(vars(openai).values())
before = len(sys.modules)
classes = sum(issubclass(type(value), type) for value in values)
print("by type():", len(sys.modules) - before, "modules imported")
assert classes == sum(isinstance(value, type) for value in values)
print("by isinstance: more than a thousand:", len(sys.modules) - before > 1_000)
PY

cat >expected <<'TEXT'
by type(): 0 modules imported
by isinstance: more than a thousand: True
TEXT

venv/bin/python look.py >seen
cat seen
diff expected seen || { echo "This has changed."; exit 1; }
