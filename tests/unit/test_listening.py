"""A listener hears the events of a stream as they come, and knows what is none; another database of a Redis has its own address."""

from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from types import SimpleNamespace

import pytest

from workshop.patience import until
from workshop.probes.listening import Listener
from workshop.wire.probe import RedisProbe

STREAM = b': alive\n\ndata: {"text": "one"}\n\nevent: news\ndata: two\ndata: lines\n\nno event\n\n'


class Feed(BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream; charset=utf-8")
        self.end_headers()
        self.wfile.write(STREAM)

    def log_message(self, *words):
        pass


@pytest.fixture
def service():
    server = ThreadingHTTPServer(("127.0.0.1", 0), Feed)
    Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    host, port = server.server_address
    yield SimpleNamespace(host=host, port=port, url=f"http://{host}:{port}", noted=lambda *_: None)
    server.shutdown()
    server.server_close()


def test_events_are_heard_as_json_or_text(service):
    listener = Listener(service, "/feed")
    assert until(lambda: listener.has_ended, 5)
    assert listener.heard == [{"text": "one"}, "two\nlines"]
    assert (listener.status, listener.media, listener.odd) == (200, "text/event-stream", "no event")
    listener.close()


def test_nothing_is_heard_where_nobody_answers(service):
    nowhere = SimpleNamespace(**vars(service) | {"port": 1})
    listener = Listener(nowhere, "/feed")
    assert until(lambda: listener.has_ended, 5)
    assert (listener.heard, listener.status) == ([], None)


def test_another_database_has_its_own_address():
    redis = RedisProbe(SimpleNamespace(url="redis://redis:6379/0"), lambda _: None)
    assert redis.url == "redis://redis:6379/0"
    other = redis.database(3)
    assert other.url == "redis://redis:6379/3"
    assert other.through("redis://relay:6380/0") == "redis://relay:6380/3"
