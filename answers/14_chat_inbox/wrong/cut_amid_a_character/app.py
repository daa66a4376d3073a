"""A chat inbox: a user's conversations, newest first, each with its unread count, a preview, and an end of its own."""

import os
import time

from flask import Flask, jsonify, request
from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import ConnectionError as RedisGone
from redis.exceptions import TimeoutError as RedisHangs
from redis.retry import Retry

INBOX_TTL = float(os.environ.get("INBOX_TTL", 7 * 24 * 3600))  # seconds
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

# Each script is one step: nobody sees the inbox between two of its commands. Its keys come from `keys_of`.
DROP = """
local at, ends, unread, preview = KEYS[1], KEYS[2], KEYS[3], KEYS[4]
local clock = redis.call('TIME')
local now = clock[1] + clock[2] / 1000000
for _, peer in ipairs(redis.call('ZRANGE', ends, '-inf', now, 'BYSCORE')) do
    redis.call('ZREM', at, peer)
    redis.call('ZREM', ends, peer)
    redis.call('HDEL', unread, peer)
    redis.call('HDEL', preview, peer)
end
"""

RECEIVE = store.register_script(
    DROP
    + """
local peer, sent, text, ttl = ARGV[1], tonumber(ARGV[2]), ARGV[3], tonumber(ARGV[4])
local newest = redis.call('ZSCORE', at, peer)
if not newest or sent >= tonumber(newest) then
    redis.call('ZADD', at, ARGV[2], peer)
    redis.call('HSET', preview, peer, string.sub(text, 1, 40))
end
redis.call('HINCRBY', unread, peer, 1)
redis.call('ZADD', ends, string.format('%.6f', now + ttl), peer)
for _, key in ipairs(KEYS) do
    redis.call('PEXPIRE', key, math.ceil(ttl * 1000))
end
"""
)

SHOW = store.register_script(
    DROP
    + """
local rows = {}
local found = redis.call('ZRANGE', at, ARGV[1], ARGV[2], 'REV', 'WITHSCORES')
for i = 1, #found, 2 do
    local peer = found[i]
    rows[#rows + 1] = {peer, found[i + 1], redis.call('HGET', unread, peer), redis.call('HGET', preview, peer)}
end
return rows
"""
)

READ = store.register_script(
    DROP
    + """
if not redis.call('ZSCORE', at, ARGV[1]) then
    return 0
end
redis.call('HSET', unread, ARGV[1], 0)
return 1
"""
)


def keys_of(user):
    """The keys of one user. What stands in the braces decides where a cluster keeps a key: so they stay together."""
    return [f"inbox:{{{user}}}:{part}" for part in ("at", "ends", "unread", "preview")]


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
    RECEIVE(keys=keys_of(to), args=[sender, repr(at), text, INBOX_TTL])
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
