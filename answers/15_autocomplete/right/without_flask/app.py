"""Autocompletion without Flask, by http.server. Each beginning is one string: its completions as JSON."""

import json
import os
import re
import unicodedata
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import ConnectionError as RedisGone
from redis.exceptions import TimeoutError as RedisHangs
from redis.retry import Retry

CAP = int(os.environ.get("COMPLETIONS_CAP", 100))
LONGEST = 50
HEAVIEST = 1_000_000
MOST = 100

store = Redis.from_url(
    os.environ.get("REDIS_URL", "redis://localhost:6379/0"),
    decode_responses=True,
    socket_connect_timeout=2,
    socket_timeout=2,
    retry=Retry(NoBackoff(), 0),
)


def folded(text):
    """The text as it is compared: composed characters, no capitals."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", text).casefold())


def tag_of(text):
    """The hash tag of all keys with the same first character. A number, since the character may be a brace."""
    return f"{{{ord(text[0])}}}"


def key_of(beginning):
    """The completions of a beginning."""
    return f"complete:{tag_of(beginning)}:{beginning}"


def add(word, weight):
    """Puts a word in its place behind each of its beginnings, in one transaction; again if somebody was faster."""
    total_key = f"weight:{tag_of(word)}:{word}"
    keys = [key_of(word[:end]) for end in range(1, len(word) + 1)]

    def once(pipe):
        total = int(pipe.get(total_key) or 0) + weight
        changed = {total_key: total}
        for key, text in zip(keys, pipe.mget(keys), strict=True):
            rows = dict(json.loads(text or "[]")) | {word: total}
            changed[key] = json.dumps(sorted(rows.items(), key=lambda row: (-row[1], row[0]))[:CAP])
        pipe.multi()
        pipe.mset(changed)
        return total

    return store.transaction(once, total_key, *keys, value_from_callable=True)


def words(body):
    word, weight = (body.get("word"), body.get("weight")) if isinstance(body, dict) else (None, None)
    if not isinstance(word, str) or not word.strip() or len(word) > LONGEST:
        return 400, {"error": f"word is a text of 1 to {LONGEST} characters."}
    if not isinstance(weight, int) or isinstance(weight, bool) or not 1 <= weight <= HEAVIEST:
        return 400, {"error": f"weight is a whole number from 1 to {HEAVIEST}."}
    return 201, {"word": folded(word), "weight": add(folded(word), weight)}


def complete(query):
    q, n = (query.get(name, [default])[0] for name, default in (("q", ""), ("n", "10")))
    if not q:
        return 400, {"error": "Say how the word begins: /complete?q=…"}
    if not re.fullmatch("[0-9]{1,3}", n) or not 1 <= int(n) <= MOST:
        return 400, {"error": f"n is a whole number from 1 to {MOST}."}
    found = json.loads(store.get(key_of(folded(q))) or "[]")
    return 200, {"q": q, "completions": [{"word": word, "weight": weight} for word, weight in found[: int(n)]]}


class Handler(BaseHTTPRequestHandler):
    def body(self):
        try:
            return json.loads(self.rfile.read(int(self.headers.get("Content-Length", 0))))
        except ValueError:
            return None

    def answer(self):
        address = urlsplit(self.path)
        match self.command, address.path:
            case "GET", "/healthz":
                return 200, {"status": "ok"}
            case "POST", "/words":
                return words(self.body())
            case "GET", "/complete":
                return complete(parse_qs(address.query))
        return 404, {"error": "There is nothing here."}

    def do_GET(self):
        try:
            status, body = self.answer()
        except (RedisGone, RedisHangs):
            status, body = 503, {"error": "Redis cannot be reached now. Try again later."}
        data = json.dumps(body, ensure_ascii=False).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    do_POST = do_GET


if __name__ == "__main__":
    ThreadingHTTPServer(("0.0.0.0", 5000), Handler).serve_forever()
