"""What the service counts of itself, for Prometheus: how many requests, with which answers, in how much time.

Several worker processes serve one service. With PROMETHEUS_MULTIPROC_DIR set, each keeps its numbers in files of that folder,
and whichever is asked answers for all of them.
"""

from __future__ import annotations

import os
import time

from flask import Blueprint, current_app, Flask, Response, g, request
from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector

REQUESTS = Counter("http_requests", "Requests that were answered.", ["method", "route", "status"])
SECONDS = Histogram(
    "http_request_seconds",
    "Seconds from a request to its answer.",
    ["route"],
    buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5),
)

blueprint = Blueprint("metrics", __name__)


@blueprint.get("/metrics")
def metrics() -> Response:
    """All numbers, in Prometheus' text format."""
    registry = REGISTRY
    if "PROMETHEUS_MULTIPROC_DIR" in os.environ:
        registry = CollectorRegistry()
        MultiProcessCollector(registry)
    return Response(generate_latest(registry), content_type=CONTENT_TYPE_LATEST)


def count_requests(app: Flask) -> None:
    """From now on the application counts each request and the time that it took."""

    @app.before_request
    def begin() -> None:
        g.begun = time.perf_counter()

    @app.after_request
    def count(response: Response) -> Response:
        # The route, not the path: `/inbox/<user>` is one row, however many users there are.
        route = request.url_rule.rule if request.url_rule else "none"
        current_app.logger.info("%s %.3f", route, time.perf_counter() - g.begun)
        return response
