"""The suite of botocore: each exception class built, and raised by clients of AWS's services."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from pytest_portable_errors.survey.cases import Subject
from pytest_portable_errors.survey.classes import subclasses_in
from pytest_portable_errors.survey.suites.raising import built, library, raised
from pytest_portable_errors.survey.suites.refusing_server import (
    SLOW,
    Refusal,
    json_refusal,
    refusing_server,
)

if TYPE_CHECKING:
    from pytest_portable_errors.sender.receivers import Receivers

_BY = "botocore.session"
_XML = (("content-type", "application/xml"),)


def subjects(receivers: Receivers, receiver_names: Sequence[str]) -> Iterator[Subject]:
    """The suite, a ``Suite`` of ``survey/cases.py``: first what is built, then what is raised.

    Raises:
        PortableErrorsError: botocore is not installed.
    """
    with library(
        "botocore",
        "botocore",
        "botocore",
        "botocore.session",
        "botocore.config",
        "botocore.waiter",
        "botocore.exceptions",
        install="pip install botocore",
        prepared=(receivers, receiver_names),
    ) as botocore:
        yield from built("botocore", subclasses_in("botocore"))
        with refusing_server(_refusal) as server:
            yield from raised(_BY, _scenarios(botocore, server.address))
        # The server has ended, so its port refuses connections.
        client = functools.partial(_client, botocore, address=server.address)
        yield from raised(
            _BY,
            {
                "refused": lambda: client("s3").get_object(Bucket="shop", Key="orders"),
                "no-parameter": lambda: client("s3").get_object(Bucket="shop"),
                "no-such-service": lambda: client("shop"),
                "no-region": lambda: botocore.session.Session().create_client("sqs"),
                "no-profile": lambda: botocore.session.Session(profile="shop").create_client("s3"),
                "no-paginator": lambda: client("s3").get_paginator("get_object"),
                "no-credentials": lambda: _without_credentials(botocore, server.address),
            },
        )


def _scenarios(botocore: Any, address: str) -> Mapping[str, Callable[[], object]]:
    def client(service: str, path: str, **options: Any) -> Any:
        return _client(botocore, service, address=f"{address}/{path}", **options)

    table = {"TableName": "orders"}
    return {
        "s3-404": lambda: client("s3", "404/NoSuchKey").get_object(Bucket="shop", Key="7"),
        "s3-403": lambda: client("s3", "403/AccessDenied").get_object(Bucket="shop", Key="7"),
        "s3-503": lambda: client("s3", "503/SlowDown").list_objects_v2(Bucket="shop"),
        "s3-head-404": lambda: client("s3", "404/NoSuchKey").head_object(Bucket="shop", Key="7"),
        "dynamodb-400": lambda: client("dynamodb", "400/ResourceNotFoundException").describe_table(
            **table
        ),
        "dynamodb-throttled": lambda: client(
            "dynamodb", "400/ProvisionedThroughputExceededException"
        ).describe_table(**table),
        "dynamodb-other": lambda: client("dynamodb", "400/Unknown").describe_table(**table),
        "sqs-400": lambda: client("sqs", "400/QueueDoesNotExist").get_queue_url(QueueName="orders"),
        "lambda-500": lambda: client("lambda", "500/ServiceException").get_function(
            FunctionName="orders"
        ),
        "sts-403": lambda: client("sts", "403/ExpiredToken").get_caller_identity(),
        "waiter": lambda: (
            client("dynamodb", "400/AccessDeniedException")
            .get_waiter("table_exists")
            .wait(**table, WaiterConfig={"Delay": 0, "MaxAttempts": 1})
        ),
        "timeout": lambda: client("s3", f"{SLOW}/plain", read_timeout=0.1).list_buckets(),
        "no-answer": lambda: client("sts", "200/html").get_caller_identity(),
    }


def _client(
    botocore: Any, service: str, *, address: str, read_timeout: float = 30.0, **options: Any
) -> Any:
    session = botocore.session.Session()
    session.set_credentials("AKIAPORTABLEERRORS00", "portable-errors", "portable-errors-token")
    config = botocore.config.Config(
        retries={"total_max_attempts": 1},
        read_timeout=read_timeout,
        proxies={},
        s3={"addressing_style": "path"},
    )
    return session.create_client(
        service, region_name="eu-west-1", endpoint_url=address, config=config, **options
    )


def _without_credentials(botocore: Any, address: str) -> None:
    session = botocore.session.Session()
    session.register_component("credential_provider", _NoCredentials())
    client = session.create_client("sqs", region_name="eu-west-1", endpoint_url=address)
    client.get_queue_url(QueueName="orders")


class _NoCredentials:
    """In place of what looks for credentials in files and in the network."""

    def load_credentials(self) -> None:
        """Find none."""


def _refusal(kind: str) -> Refusal:
    if kind == "html":
        return Refusal(body=b"<html>", headers=(("content-type", "text/html"),))
    if kind in ("NoSuchKey", "AccessDenied", "SlowDown"):
        body = f"<Error><Code>{kind}</Code><Message>The server refuses</Message></Error>"
        return Refusal(body=body.encode(), headers=_XML)
    if kind == "ExpiredToken":
        body = (
            "<ErrorResponse><Error><Type>Sender</Type><Code>ExpiredToken</Code>"
            "<Message>The server refuses</Message></Error></ErrorResponse>"
        )
        return Refusal(body=body.encode(), headers=_XML)
    return json_refusal({"__type": kind, "message": "The server refuses"})
