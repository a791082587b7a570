#!/usr/bin/env bash
# Package: urllib3 2.8.0.
# Source: urllib3/exceptions.py (__reduce__ of MaxRetryError and NewConnectionError).
#
# Expected: urllib3's errors have pickle methods of their own, so the text of a refused connection is the
# same in the process that loads it.
# Seen: the methods put None where the pool and the connection were, and the text is formatted anew from
# it: host and port, which are in the sent text twice, are both "None" in the received one.
# It matters because a caller of a process pool or task queue reads that something was refused, but no
# longer what; the texts of errors from different servers become equal.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/python --version
venv/bin/pip install -qq --disable-pip-version-check --no-deps urllib3==2.8.0
venv/bin/pip freeze -qq

cat >sender.py <<'PY'
import errno
import pathlib
import pickle
import socket

import urllib3

with socket.socket() as unused:
    unused.bind(("", 0))
    host, port = unused.getsockname()
try:
    urllib3.PoolManager().request("GET", f"http://{host}:{port}/orders", retries=0)
except urllib3.exceptions.MaxRetryError as error:
    text = str(error).replace(host, "HOST").replace(str(port), "PORT")
    print("sent:", text.replace(str(errno.ECONNREFUSED), "N"))
    pathlib.Path("payload").write_bytes(pickle.dumps(error))
PY

cat >receiver.py <<'PY'
import errno
import pathlib
import pickle

error = pickle.loads(pathlib.Path("payload").read_bytes())
print("received:", str(error).replace(str(errno.ECONNREFUSED), "N"))
PY

cat >expected <<'TEXT'
sent: HTTPConnectionPool(host='HOST', port=PORT): Max retries exceeded with url: /orders (Caused by NewConnectionError("HTTPConnection(host='HOST', port=PORT): Failed to establish a new connection: [Errno N] Connection refused"))
received: None: Max retries exceeded with url: /orders (Caused by NewConnectionError('None: Failed to establish a new connection: [Errno N] Connection refused'))
TEXT

venv/bin/python sender.py >seen
venv/bin/python receiver.py >>seen
cat seen
diff expected seen || { echo "This has changed."; exit 1; }
