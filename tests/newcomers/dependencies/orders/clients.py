"""Calls of other services, and what they raise."""

import grpc
import httpx
from botocore.exceptions import ClientError
from openai import APIStatusError as Refused
from requests.exceptions import HTTPError
from sqlalchemy import exc


def price_of(channel, order):
    try:
        return channel.unary_unary("/prices/Get")(order)
    except grpc.RpcError as error:
        if error.code() is grpc.StatusCode.NOT_FOUND:
            return None
        raise


def stored(bucket, key):
    try:
        return bucket.get_object(Key=key)
    except ClientError as error:
        raise LookupError(key) from error


def text_of(client, question):
    try:
        return client.responses.create(input=question)
    except (Refused, httpx.TimeoutException):
        return ""


def answered(response):
    if response.status_code == 404:
        raise HTTPError("not found", response=response)
    return response.json()


def saved(session, order):
    try:
        session.add(order)
    except exc.IntegrityError:
        session.rollback()
