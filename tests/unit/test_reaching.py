"""A service that listens in its container, and a port on this machine that does not lead there."""

import socket
from types import SimpleNamespace

import pytest

from workshop import patience
from workshop.outcomes import NotUp, Unchecked
from workshop.runtimes import http
from workshop.runtimes.evidence import Evidence
from workshop.runtimes.http import Answer, Problem
from workshop.runtimes.service import Asked
from workshop.wire.sockets import free_port


@pytest.fixture(autouse=True)
def at_rest(monkeypatch):
    monkeypatch.setattr(patience, "slowness", lambda: 1.0)


def waited_for(port, **seen):
    """What comes of waiting for a service of which this is seen."""
    evidence = Evidence(True, 0, "", **seen)
    service = SimpleNamespace(host="127.0.0.1", port=port, url="http://here", evidence=lambda deep: evidence)
    return Asked.wait_until_up(service, limit=0.1, hang=0.5)


def test_a_port_that_leads_nowhere_is_no_fault_of_the_app():
    with pytest.raises(Unchecked, match=r"listens on port 5000 in its container, and 127\.0\.0\.1:\d+, .* refuses"):
        waited_for(free_port(), listening=[("127.0.0.1", 5000), ("0.0.0.0", 5000)])


@pytest.mark.parametrize(
    "seen",
    [
        {"listening": [("127.0.0.1", 5000)]},
        {"listening": [("0.0.0.0", 5001)]},
        {"listening": [("::", 5000)]},
        {"listening": []},
        {"listening": [("0.0.0.0", 5000)], "container": False},
    ],
)
def test_where_nothing_leads_to_the_app_is_not_up(seen):
    with pytest.raises(NotUp):
        waited_for(free_port(), **seen)


def test_an_app_that_never_answers_is_not_up():
    with socket.create_server(("127.0.0.1", 0)) as server, pytest.raises(NotUp):
        waited_for(server.getsockname()[1], listening=[("0.0.0.0", 5000)])


def test_one_that_answers_by_the_time_it_is_looked_at_reads_no_tls(monkeypatch):
    seen = Evidence(True, 0, "", listening=[("0.0.0.0", 5000)])
    looks = []
    service = SimpleNamespace(
        host="127.0.0.1", port=1, url="http://here", evidence=lambda deep: looks.append(deep) or seen
    )
    cut = Answer("curl", problem=Problem.BODY_UNFINISHED)
    monkeypatch.setattr(http, "ask", lambda *words, **options: Answer("curl", status=200) if looks else cut)
    monkeypatch.setattr(http, "speaks_tls", lambda *words: pytest.fail("a greeting of TLS was sent"))
    assert Asked.wait_until_up(service, limit=2) is service
