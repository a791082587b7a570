#!/usr/bin/env bash
# Package: grpcio 1.85.3.
# Source: grpc/_channel.py (_InactiveRpcError), grpc/aio/_call.py (AioRpcError.__reduce__).
#
# Expected: a call fails alike whether it is made with grpc or with grpc.aio: both raise a grpc.RpcError
# with code() and details(), and both can be pickled or neither can.
# Seen: the one of asyncio has a pickle method and arrives whole; the synchronous one holds the state of the
# call, with a lock in it, and pickle refuses it.
# It matters to whoever runs calls in a process pool or task queue: the same error that a coroutine hands on
# becomes a TypeError about a lock once the call is synchronous.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/python --version
venv/bin/pip install -qq --disable-pip-version-check grpcio==1.85.3
venv/bin/pip freeze -qq | grep grpcio

cat >calls.py <<'PY'
import asyncio
import pickle
from concurrent.futures import ThreadPoolExecutor

import grpc


def refuse(request, context):
    context.abort(grpc.StatusCode.NOT_FOUND, "no order 7")


def say(which, error):
    try:
        received = pickle.loads(pickle.dumps(error))
    except Exception as failure:
        print(f"{which}: {type(failure).__name__}")
    else:
        print(f"{which}: {received.code().name}, {received.details()}")


async def call_with_asyncio(address):
    async with grpc.aio.insecure_channel(address) as channel:
        await channel.unary_unary("/Orders/Get")(b"7")


handler = grpc.method_handlers_generic_handler(
    "Orders", {"Get": grpc.unary_unary_rpc_method_handler(refuse)}
)
with ThreadPoolExecutor(1) as pool:
    server = grpc.server(pool, handlers=[handler])
    address = "unix:socket"
    server.add_insecure_port(address)
    server.start()
    try:
        with grpc.insecure_channel(address) as channel:
            channel.unary_unary("/Orders/Get")(b"7")
    except grpc.RpcError as error:
        say("grpc", error)
    try:
        asyncio.run(call_with_asyncio(address))
    except grpc.RpcError as error:
        say("grpc.aio", error)
    server.stop(None).wait()
PY

cat >expected <<'TEXT'
grpc: TypeError
grpc.aio: NOT_FOUND, no order 7
TEXT

venv/bin/python calls.py >seen
cat seen
diff expected seen || { echo "This has changed."; exit 1; }
