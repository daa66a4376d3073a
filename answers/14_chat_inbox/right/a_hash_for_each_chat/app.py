"""A hash for each conversation, and two sorted sets: by their newest message, and by their end."""

import os
import time

from flask import Flask, jsonify, request
from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import ConnectionError as RedisGone
from redis.exceptions import TimeoutError as RedisHangs
from redis.retry import Retry

INBOX_TTL = float(os.environ.get("INBOX_TTL", 7 * 24 * 3600))  # seconds
PREVIEW = 40  # characters
AHEAD = 24 * 3600  # seconds that a sender's clock may be ahead of ours
FAR = 10**9  # the largest offset of a page

app = Flask(__name__)
app.json.ensure_ascii = False

store = Redis.from_url(
    os.environ.get("REDIS_URL", "redis://localhost:6379/0"),
    decode_responses=True,
    socket_connect_timeout=2,
    socket_timeout=2,
    retry=Retry(NoBackoff(), 0),
)

DROP = """
local at, ends = KEYS[1], KEYS[2]
local function chat_of(peer)
    return at .. ':' .. peer
end
local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)
for _, peer in ipairs(redis.call('ZRANGEBYSCORE', ends, '-inf', now)) do
    redis.call('ZREM', at, peer)
    redis.call('ZREM', ends, peer)
    redis.call('DEL', chat_of(peer))
end
"""

RECEIVE = store.register_script(
    DROP
    + """
local chat, ttl = chat_of(ARGV[1]), ARGV[4]
local newest = redis.call('HGET', chat, 'at')
if not newest or tonumber(ARGV[2]) >= tonumber(newest) then
    redis.call('HSET', chat, 'at', ARGV[2], 'preview', ARGV[3])
    redis.call('ZADD', at, ARGV[2], ARGV[1])
end
redis.call('HINCRBY', chat, 'unread', 1)
redis.call('ZADD', ends, now + ttl, ARGV[1])
redis.call('PEXPIRE', chat, ttl)
redis.call('PEXPIRE', at, ttl)
redis.call('PEXPIRE', ends, ttl)
"""
)

SHOW = store.register_script(
    DROP
    + """
local rows = {}
for i, peer in ipairs(redis.call('ZREVRANGE', at, ARGV[1], ARGV[2])) do
    local values = redis.call('HMGET', chat_of(peer), 'at', 'unread', 'preview')
    rows[i] = {peer, values[1], values[2], values[3]}
end
return rows
"""
)

READ = store.register_script(
    DROP
    + """
if redis.call('EXISTS', chat_of(ARGV[1])) == 0 then
    return 0
end
redis.call('HSET', chat_of(ARGV[1]), 'unread', 0)
return 1
"""
)


def keys_of(user):
    return [f"inbox:{{{user}}}", f"inbox:{{{user}}}:ends"]


def is_number(value):
    return isinstance(value, int | float) and not isinstance(value, bool)


def refused(reason):
    return {"error": reason}, 400


@app.get("/healthz")
def healthz():
    return {"status": "ok"}


@app.post("/messages")
def send():
    message = request.get_json(silent=True)
    if not isinstance(message, dict):
        return refused("Send a JSON object with from, to, text and at.")
    sender, to, text, at = (message.get(name) for name in ("from", "to", "text", "at"))
    if not all(isinstance(value, str) and value for value in (sender, to, text)) or not is_number(at):
        return refused("from, to and text are texts that are not empty, and at is a number.")
    if sender == to:
        return refused("A message to oneself has no inbox to go to.")
    if not 0 <= at <= time.time() + AHEAD:
        return refused("at is a number of seconds since 1970, and not in the future.")
    RECEIVE(keys=keys_of(to), args=[sender, repr(at), text[:PREVIEW], int(INBOX_TTL * 1000)])
    return {"from": sender, "to": to, "text": text, "at": at}, 201


@app.get("/inbox/<user>")
def inbox(user):
    try:
        offset, limit = int(request.args.get("offset", 0)), int(request.args.get("limit", 20))
    except ValueError:
        return refused("offset and limit are whole numbers.")
    if not 0 <= offset <= FAR or not 1 <= limit <= 100:
        return refused(f"offset is from 0 to {FAR}, limit from 1 to 100.")
    rows = SHOW(keys=keys_of(user), args=[offset, offset + limit - 1])
    conversations = [
        {"peer": peer, "at": float(at), "unread": int(unread), "preview": preview}
        for peer, at, unread, preview in rows
    ]
    return {"user": user, "conversations": conversations}


@app.post("/inbox/<user>/read")
def read(user):
    body = request.get_json(silent=True)
    peer = body.get("peer") if isinstance(body, dict) else None
    if not isinstance(peer, str):
        return refused("Send a JSON object with peer.")
    if not READ(keys=keys_of(user), args=[peer]):
        return {"error": f"{user} has no conversation with {peer}."}, 404
    return {"peer": peer, "unread": 0}


@app.errorhandler(RedisGone)
@app.errorhandler(RedisHangs)
def redis_is_gone(error):
    return jsonify(error="Redis cannot be reached now. Try again later."), 503


if __name__ == "__main__":
    app.run(host="0.0.0.0", port=5000)
