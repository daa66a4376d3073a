"""The same service on Python's own HTTP server, with a client for the cluster that is made by whoever comes first."""

import json
import os
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, unquote, urlsplit

from redis import RedisCluster, exceptions
from redis.backoff import NoBackoff
from redis.retry import Retry
from slots import slot

NOT_NOW = (exceptions.RedisError, exceptions.RedisClusterException, OSError)
MAKING = threading.Lock()
made = []


def store():
    with MAKING:
        if not made:
            waits = {"socket_timeout": 0.4, "socket_connect_timeout": 0.4}
            retry = Retry(NoBackoff(), 2)
            made.append(
                RedisCluster.from_url(
                    os.environ["REDIS_CLUSTER_URL"], retry=retry, require_full_coverage=False, **waits
                )
            )
    return made[0]


def text(value):
    return None if value is None else value.decode()


def sure(key, value):
    store().exists(key)
    node = store().get_node_from_key(key)
    line = store().get_redis_connection(node).pipeline(transaction=False)
    line.set(key, value)
    line.execute_command("WAIT", 1, int(os.environ.get("CONFIRM_MS", 300)))
    return line.execute()[1] > 0


class Views(BaseHTTPRequestHandler):
    def do_GET(self):
        parts = urlsplit(self.path)
        asked = parse_qs(parts.query, keep_blank_values=True).get("key", [])
        self.tell(self.got, parts.path, asked)

    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.tell(self.taken, self.path, body)

    def got(self, path, keys):
        if path == "/healthz":
            return 200, {"status": "ok"}
        if path == "/slot":
            return 200, {"key": keys[0], "slot": slot(keys[0])}
        if path == "/get":
            value = text(store().get(keys[0]))
            return (404, {"error": "not there"}) if value is None else (200, {"key": keys[0], "value": value})
        if path == "/many":
            return 200, {key: text(store().get(key)) for key in keys}
        if path.startswith("/notes/"):
            user = unquote(path.removeprefix("/notes/"))
            texts = [text(one) for one in store().lrange(f"{{{user}}}:notes", 0, -1)]
            return 200, {"user": user, "count": len(texts), "texts": texts}
        return 404, {"error": "no such address"}

    def taken(self, path, body):
        if path == "/notes":
            return 201, {"user": body["user"], "count": store().rpush(f"{{{body['user']}}}:notes", body["text"])}
        pair = {"key": body["key"], "value": body["value"]}
        if body.get("sure") and not sure(*pair.values()):
            return 503, {"error": "not on a replica"}
        if not body.get("sure"):
            store().set(*pair.values())
        return 201, pair

    def tell(self, view, *given):
        try:
            status, body = view(*given)
        except NOT_NOW as error:
            status, body = 503, {"error": str(error)}
        sent = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(sent)))
        self.end_headers()
        self.wfile.write(sent)


ThreadingHTTPServer(("0.0.0.0", 5000), Views).serve_forever()
