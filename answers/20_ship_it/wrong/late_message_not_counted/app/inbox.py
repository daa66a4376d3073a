"""Chat inboxes: per user the conversations, newest first, each with its unread count, a preview, and an end of its own."""

from __future__ import annotations

import time
from typing import Any

from flask import Blueprint, abort, current_app
from flask.typing import ResponseReturnValue

from app import asked, store

PREVIEW = 40  # characters
AHEAD = 24 * 3600  # seconds that a sender's clock may be ahead of ours
FAR = 10**9  # the largest offset of a page

blueprint = Blueprint("inbox", __name__)

# Redis ends keys, not members of a sorted set: so each script first drops the conversations whose time is over.
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

RECEIVE = store.Script(
    DROP
    + """
local peer, sent, text, ttl = ARGV[1], ARGV[2], ARGV[3], tonumber(ARGV[4])
local newest = redis.call('ZSCORE', at, peer)
if not newest or tonumber(sent) >= tonumber(newest) then
    redis.call('ZADD', at, sent, peer)
    redis.call('HSET', preview, peer, text)
    redis.call('HINCRBY', unread, peer, 1)
end
redis.call('ZADD', ends, string.format('%.6f', now + ttl), peer)
for _, key in ipairs(KEYS) do
    redis.call('PEXPIRE', key, math.ceil(ttl * 1000))
end
"""
)

SHOW = store.Script(
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

READ = store.Script(
    DROP
    + """
if not redis.call('ZSCORE', at, ARGV[1]) then
    return 0
end
redis.call('HSET', unread, ARGV[1], 0)
return 1
"""
)


@blueprint.post("/messages")
def send() -> ResponseReturnValue:
    """Takes JSON with the texts `from`, `to` and `text` and the number `at`, and answers 201 and the message. It is in the inbox of `to` then."""
    body = asked.body('{"from": "…", "to": "…", "text": "…", "at": 1700000000}')
    sender, to, text = (asked.text(body.get(name), name) for name in ("from", "to", "text"))
    at = moment(body.get("at"))
    if sender == to:
        abort(400, "A message to oneself has no inbox to go to.")
    RECEIVE(keys_of(to), sender, repr(at), text[:PREVIEW], current_app.config["INBOX_TTL"])
    return {"from": sender, "to": to, "text": text, "at": at}, 201


@blueprint.get("/inbox/<user>")
def show(user: str) -> ResponseReturnValue:
    """A user's conversations, newest first: `limit` of them, from `offset` on."""
    offset, limit = asked.number("offset", 0, least=0, most=FAR), asked.number("limit", 20, least=1, most=100)
    rows = SHOW(keys_of(user), offset, offset + limit - 1)
    conversations = [
        {"peer": peer, "at": float(at), "unread": int(unread), "preview": preview}
        for peer, at, unread, preview in rows
    ]
    return {"user": user, "conversations": conversations}


@blueprint.post("/inbox/<user>/read")
def read(user: str) -> ResponseReturnValue:
    """Takes JSON with the text `peer`: that conversation has nothing unread then. 404 if there is none."""
    peer = asked.text(asked.body('{"peer": "…"}').get("peer"), "peer")
    if not READ(keys_of(user), peer):
        abort(404, f"{user} has no conversation with {peer}.")
    return {"peer": peer, "unread": 0}


def keys_of(user: str) -> list[str]:
    """The keys of one user: by peer, the time of the newest message, the end of the conversation, the unread count, the preview."""
    return [f"inbox:{store.tag(user)}:{part}" for part in ("at", "ends", "unread", "preview")]


def moment(found: Any) -> float:
    """`found`, if it is a time in seconds since 1970, and not far in the future; else the request ends with 400."""
    if not isinstance(found, int | float) or isinstance(found, bool) or not 0 <= found <= time.time() + AHEAD:
        abort(400, "`at` is a number of seconds since 1970, and not in the future.")
    return found
