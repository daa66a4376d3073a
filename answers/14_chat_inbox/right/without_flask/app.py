"""The inbox without Flask, by http.server. Scripts keep each conversation as JSON in one hash."""

import json
import os
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, unquote, urlsplit

from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import ConnectionError as RedisGone
from redis.exceptions import TimeoutError as RedisHangs
from redis.retry import Retry

INBOX_TTL = float(os.environ.get("INBOX_TTL", 7 * 24 * 3600))  # seconds
PREVIEW = 40  # characters
AHEAD = 24 * 3600  # seconds that a sender's clock may be ahead of ours
FAR = 10**9  # the largest offset of a page

store = Redis.from_url(
    os.environ.get("REDIS_URL", "redis://localhost:6379/0"),
    decode_responses=True,
    socket_connect_timeout=2,
    socket_timeout=2,
    retry=Retry(NoBackoff(), 0),
)

DROP = """
local chats, at, ends = KEYS[1], KEYS[2], KEYS[3]
local now = tonumber(ARGV[1])
for _, peer in ipairs(redis.call('ZRANGEBYSCORE', ends, '-inf', now)) do
    redis.call('HDEL', chats, peer)
    redis.call('ZREM', at, peer)
    redis.call('ZREM', ends, peer)
end
"""

WRITE = store.register_script(
    DROP
    + """
local peer, chat, ttl = ARGV[2], cjson.decode(ARGV[3]), tonumber(ARGV[4])
local before = redis.call('HGET', chats, peer)
if before then
    before = cjson.decode(before)
    chat.unread = before.unread + 1
    if tonumber(before.at) > tonumber(chat.at) then
        chat.at, chat.preview = before.at, before.preview
    end
end
redis.call('HSET', chats, peer, cjson.encode(chat))
redis.call('ZADD', at, chat.at, peer)
redis.call('ZADD', ends, now + ttl, peer)
for _, key in ipairs(KEYS) do
    redis.call('PEXPIRE', key, ttl)
end
"""
)

PAGE = store.register_script(
    DROP
    + """
local peers = redis.call('ZRANGE', at, ARGV[2], ARGV[3], 'REV')
if #peers == 0 then
    return {{}, {}}
end
return {peers, redis.call('HMGET', chats, unpack(peers))}
"""
)

READ = store.register_script(
    DROP
    + """
local chat = redis.call('HGET', chats, ARGV[2])
if not chat then
    return 0
end
chat = cjson.decode(chat)
chat.unread = 0
return 1 + redis.call('HSET', chats, ARGV[2], cjson.encode(chat))
"""
)


def call(script, user, *args):
    """Runs a script on the keys of one user, with the time in milliseconds as its first argument."""
    return script(
        keys=[f"{{{user}}}:{part}" for part in ("chats", "at", "ends")], args=[int(time.time() * 1000), *args]
    )


def receive(to, sender, text, at):
    chat = {"at": repr(at), "unread": 1, "preview": text[:PREVIEW]}
    call(WRITE, to, sender, json.dumps(chat), int(INBOX_TTL * 1000))


def show(user, offset, limit):
    peers, chats = call(PAGE, user, offset, offset + limit - 1)
    return [
        {"peer": peer} | json.loads(chat) | {"at": float(json.loads(chat)["at"])} for peer, chat in zip(peers, chats)
    ]


def mark_read(user, peer):
    return call(READ, user, peer)


def is_number(value):
    return isinstance(value, int | float) and not isinstance(value, bool)


def refused(reason):
    return 400, {"error": reason}


def send(message):
    if not isinstance(message, dict):
        return refused("Send a JSON object with from, to, text and at.")
    sender, to, text, at = (message.get(name) for name in ("from", "to", "text", "at"))
    if not all(isinstance(value, str) and value for value in (sender, to, text)) or not is_number(at):
        return refused("from, to and text are texts that are not empty, and at is a number.")
    if sender == to:
        return refused("A message to oneself has no inbox to go to.")
    if not 0 <= at <= time.time() + AHEAD:
        return refused("at is a number of seconds since 1970, and not in the future.")
    receive(to, sender, text, at)
    return 201, {"from": sender, "to": to, "text": text, "at": at}


def inbox(user, query):
    try:
        offset, limit = int(query.get("offset", ["0"])[0]), int(query.get("limit", ["20"])[0])
    except ValueError:
        return refused("offset and limit are whole numbers.")
    if not 0 <= offset <= FAR or not 1 <= limit <= 100:
        return refused(f"offset is from 0 to {FAR}, limit from 1 to 100.")
    return 200, {"user": user, "conversations": show(user, offset, limit)}


def read(user, body):
    peer = body.get("peer") if isinstance(body, dict) else None
    if not isinstance(peer, str):
        return refused("Send a JSON object with peer.")
    if not mark_read(user, peer):
        return 404, {"error": f"{user} has no conversation with {peer}."}
    return 200, {"peer": peer, "unread": 0}


class Handler(BaseHTTPRequestHandler):
    def body(self):
        try:
            return json.loads(self.rfile.read(int(self.headers.get("Content-Length", 0))))
        except ValueError:
            return None

    def answer(self):
        address = urlsplit(self.path)
        match self.command, [unquote(part) for part in address.path.split("/")[1:]]:
            case "GET", ["healthz"]:
                return 200, {"status": "ok"}
            case "POST", ["messages"]:
                return send(self.body())
            case "GET", ["inbox", user]:
                return inbox(user, parse_qs(address.query))
            case "POST", ["inbox", user, "read"]:
                return read(user, self.body())
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
