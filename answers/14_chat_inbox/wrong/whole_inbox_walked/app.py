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

app = Flask(__name__)
app.json.ensure_ascii = False

store = Redis.from_url(
    os.environ.get("REDIS_URL", "redis://localhost:6379/0"),
    decode_responses=True,
    socket_connect_timeout=2,
    socket_timeout=2,
    retry=Retry(NoBackoff(), 0),
)

LIVING = """
local function gone(peer)
    return redis.call('EXISTS', KEYS[1] .. ':' .. peer) == 0
end
local peers = {}
for _, peer in ipairs(redis.call('ZREVRANGE', KEYS[1], 0, -1)) do
    if gone(peer) then
        redis.call('ZREM', KEYS[1], peer)
    else
        peers[#peers + 1] = peer
    end
end
"""

RECEIVE = store.register_script(
    LIVING
    + """
local chat = KEYS[1] .. ':' .. ARGV[1]
local at = redis.call('HGET', chat, 'at')
if not at or tonumber(ARGV[2]) >= tonumber(at) then
    redis.call('HSET', chat, 'at', ARGV[2], 'preview', ARGV[3])
    redis.call('ZADD', KEYS[1], ARGV[2], ARGV[1])
end
redis.call('HINCRBY', chat, 'unread', 1)
redis.call('PEXPIRE', chat, ARGV[4])
redis.call('PEXPIRE', KEYS[1], ARGV[4])
"""
)

SHOW = store.register_script(
    LIVING
    + """
local rows = {}
for i = ARGV[1] + 1, math.min(#peers, ARGV[1] + ARGV[2]) do
    local values = redis.call('HMGET', KEYS[1] .. ':' .. peers[i], 'at', 'unread', 'preview')
    rows[#rows + 1] = {peers[i], values[1], values[2], values[3]}
end
return rows
"""
)

READ = store.register_script(
    LIVING
    + """
if gone(ARGV[1]) then
    return 0
end
redis.call('HSET', KEYS[1] .. ':' .. ARGV[1], 'unread', 0)
return 1
"""
)


def keys_of(user):
    return [f"inbox:{{{user}}}"]


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
    if at > time.time() + AHEAD:
        return refused("at lies in the future.")
    RECEIVE(keys=keys_of(to), args=[sender, repr(at), text[:PREVIEW], int(INBOX_TTL * 1000)])
    return {"from": sender, "to": to, "text": text, "at": at}, 201


@app.get("/inbox/<user>")
def inbox(user):
    try:
        offset, limit = int(request.args.get("offset", 0)), int(request.args.get("limit", 20))
    except ValueError:
        return refused("offset and limit are whole numbers.")
    if offset < 0 or not 1 <= limit <= 100:
        return refused("offset is 0 or more, limit from 1 to 100.")
    rows = SHOW(keys=keys_of(user), args=[offset, limit])
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
