#!/usr/bin/env bash
# Packages: requests 2.34.2, simplejson 4.3.0.
# Source: requests/compat.py (has_simplejson), requests/exceptions.py (JSONDecodeError).
#
# Expected: two processes with the same version of requests can send each other its JSONDecodeError. The
# sender happens to have simplejson installed; nobody imports it.
# Seen: the receiver raises TypeError. requests takes the base class of its error from simplejson where
# that is installed, and simplejson's error pickles itself with one argument more than json's accepts.
# It matters because the set of installed packages is part of the wire format, though no version that
# anybody pins on both sides differs. The other direction works.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
for side in with without; do
    python3 -m venv $side
    $side/bin/pip install -qq --disable-pip-version-check --no-deps certifi==2026.10.19.post1 \
        charset-normalizer==3.5.3 idna==3.20 requests==2.34.2 urllib3==2.8.0
done
with/bin/pip install -qq --disable-pip-version-check --no-deps simplejson==4.3.0
with/bin/python --version
with/bin/pip freeze -qq

cat >sender.py <<'PY'
import io
import pathlib
import pickle
import sys

import requests

response = requests.Response()
response.raw = io.BytesIO(b"<html>")
try:
    response.json()
except requests.JSONDecodeError as error:
    print("sent:", error)
    pathlib.Path(sys.argv[1]).write_bytes(pickle.dumps(error))
PY

cat >receiver.py <<'PY'
import pathlib
import pickle
import sys

try:
    error = pickle.loads(pathlib.Path(sys.argv[1]).read_bytes())
except TypeError as failure:
    print("not received:", failure)
else:
    print("received:", error)
PY

cat >expected <<'TEXT'
with simplejson to without
sent: Expecting value: line 1 column 1 (char 0)
not received: JSONDecodeError.__init__() takes 4 positional arguments but 5 were given
without simplejson to with
sent: Expecting value: line 1 column 1 (char 0)
received: Expecting value: line 1 column 1 (char 0)
TEXT

{
    echo "with simplejson to without"
    with/bin/python sender.py payload
    without/bin/python receiver.py payload
    echo "without simplejson to with"
    without/bin/python sender.py payload
    with/bin/python receiver.py payload
} >seen
cat seen
diff expected seen || { echo "This has changed."; exit 1; }
