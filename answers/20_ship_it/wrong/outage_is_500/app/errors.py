"""Errors as JSON, `{"error": "…"}`, whoever raised them."""

from __future__ import annotations

from flask import Flask, json
from flask.typing import ResponseReturnValue
from redis import exceptions
from werkzeug.exceptions import HTTPException


def answer_in_json(app: Flask) -> None:
    """From now on the application answers every error in JSON, and 503 if Redis, or the part of a cluster that has the key, cannot be reached in time.

    Other errors of Redis are no outage: they are mistakes, so they are 500, and Flask writes their traceback to the log.
    """
    app.register_error_handler(HTTPException, http_error)
    gone = (
        exceptions.ConnectionError,
        exceptions.TimeoutError,
        exceptions.ClusterError,
        exceptions.RedisClusterException,
    )


def http_error(error: HTTPException) -> ResponseReturnValue:
    """The error's own status, headers and words; 500 for an exception that nobody caught."""
    response = error.get_response()
    response.set_data(json.dumps({"error": error.description}))
    response.content_type = "application/json"
    return response


def redis_is_gone(error: Exception) -> ResponseReturnValue:
    """503: the service is fine and cannot do its work now. The client may try again."""
    return {"error": "Redis cannot be reached now. Try again later."}, 503
