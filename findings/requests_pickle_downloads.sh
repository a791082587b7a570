#!/usr/bin/env bash
# Package: requests 2.34.2.
# Source: requests/models.py (Response.__getstate__).
#
# Expected: to pickle the error of a streamed response, whose body nobody has asked for, sends what is
# there, or fails.
# Seen: pickle.dumps reads the body from the server, all of it, and keeps it in the response: a task queue
# that stores the error of a refused download waits for the download, and stores that.
# It matters because stream=True is what one writes to avoid that.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/python --version
venv/bin/pip install -qq --disable-pip-version-check requests==2.34.2
venv/bin/pip freeze -qq | grep requests

cat >server.py <<'PY'
import contextlib
import http.server
import pickle
import threading

import requests

BODY = b"x" * 8_000_000


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(404)
        self.send_header("content-length", str(len(BODY)))
        self.end_headers()
        with contextlib.suppress(OSError):
            self.wfile.write(BODY)

    def log_message(self, *args):
        pass


with http.server.ThreadingHTTPServer(("", 0), Handler) as server:
    threading.Thread(target=server.serve_forever, daemon=True).start()
    with requests.Session() as session:
        session.trust_env = False
        host, port = server.socket.getsockname()
        response = session.get(f"http://{host}:{port}/film", stream=True)
        try:
            response.raise_for_status()
        except requests.HTTPError as error:
            print("before: read:", response.raw.tell())
            payload = pickle.dumps(error)
            print("after: read:", response.raw.tell(), "- in the payload:", BODY in payload)
    server.shutdown()
PY

cat >expected <<'TEXT'
before: read: 0
after: read: 8000000 - in the payload: True
TEXT

venv/bin/python server.py >seen
cat seen
diff expected seen || { echo "This has changed."; exit 1; }
