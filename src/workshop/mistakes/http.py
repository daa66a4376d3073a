"""What an HTTP answer itself shows, whatever was asked: it did not come whole, or it comes from elsewhere than the view.

An answer has at most one of these, so the order says nothing. They stand before Python's words (python.py), since a
request that was not answered may have printed something long before.
"""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any
from urllib.parse import urlsplit

from workshop.mistakes.mistake import mistake
from workshop.runtimes.http import Answer, Problem

REDIRECTS = (301, 302, 303, 307, 308)


def broken(problem: Problem, status: int | None = None) -> dict[str, Any]:
    """An example: an answer that did not come whole."""
    return {"answer": Answer("curl -i http://127.0.0.1:49153/", status=status, seconds=5.0, problem=problem)}


def other(status: int, path: str = "/", **headers: str) -> dict[str, Any]:
    """An example: an answer of another status than the expected 200."""
    answer = Answer(f"curl -i http://127.0.0.1:49153{path}", path=path, status=status, headers=headers)
    return {"answer": answer, "statuses": {200}}


def without_routes(path: str) -> dict[str, Any]:
    """An example: a service that knows no address, and its answer."""
    gone = Answer(f"curl -i -X OPTIONS http://127.0.0.1:49153{path}", path=path, status=404)
    return {**other(404, path), "service": SimpleNamespace(request=lambda method, path: gone)}


@mistake(example=broken(Problem.BODY_WITHOUT_END, 200))
def body_without_end(answer):
    """The answer never ends. Return a finished text; a generator that loops forever keeps the client waiting."""
    return answer.problem is Problem.BODY_WITHOUT_END


@mistake(example=broken(Problem.BODY_UNFINISHED, 200))
def body_not_finished(answer):
    """The service sent a header and then stopped: it promised a body and never finished it."""
    return answer.problem is Problem.BODY_UNFINISHED


@mistake(example=broken(Problem.NO_ANSWER))
def no_answer_in_time(answer):
    """The service took the request and gave no answer in {seconds} s. Does the view wait for something, or loop forever?"""
    return answer.problem is Problem.NO_ANSWER and {"seconds": f"{answer.seconds:.0f}"}


@mistake(example=other(405))
def method_not_in_the_route(answer, statuses):
    """The address is known, but not for this method. Name the method in the route: @app.get or @app.post."""
    return answer.status == 405 and 405 not in statuses


@mistake(example=without_routes("/messages"))
def address_without_a_route(answer, statuses, service):
    """There is no route for {path}: asked which methods it takes there (OPTIONS), the service answers 404 as well. Compare the
    spelling with that of your route. Does its view stand above app.run(…)?
    """
    missing = answer.status == 404 and 404 not in statuses and service.request("OPTIONS", answer.path).status == 404
    return missing and {"path": answer.path}


@mistake(example=other(308, location="http://127.0.0.1:49153/hello/ada/", path="/hello/ada"))
def slash_at_the_end_of_the_route(answer, statuses):
    """The route ends in a slash, and the address that was asked does not: so the client is sent on to {location} instead of
    getting an answer. Take the slash off the end of the route.
    """
    location = answer.headers.get("location", "")
    same = urlsplit(location).path == answer.path.partition("?")[0] + "/"
    return answer.status in REDIRECTS and answer.status not in statuses and same and {"location": location}


@mistake(example=other(302, location="/"))
def redirected(answer, statuses):
    """The service sends the client on to {location} instead of answering."""
    return (
        answer.status in REDIRECTS
        and answer.status not in statuses
        and {"location": answer.headers.get("location", "another address")}
    )
