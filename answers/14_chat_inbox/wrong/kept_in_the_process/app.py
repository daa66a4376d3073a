"""A chat inbox in the memory of one process."""

import os
import threading
import time

from flask import Flask, request

INBOX_TTL = float(os.environ.get("INBOX_TTL", 7 * 24 * 3600))  # seconds

app = Flask(__name__)
app.json.ensure_ascii = False
inboxes, lock = {}, threading.Lock()


def chats_of(user):
    chats = inboxes.setdefault(user, {})
    for peer in [peer for peer, chat in chats.items() if chat["ends"] < time.time()]:
        del chats[peer]
    return chats


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
    if not all(isinstance(value, str) and value for value in (sender, to, text)) or type(at) not in (int, float):
        return refused("from, to and text are texts that are not empty, and at is a number.")
    if sender == to or at > time.time() + 24 * 3600:
        return refused("Not to oneself, and not from the future.")
    with lock:
        chat = chats_of(to).setdefault(sender, {"peer": sender, "unread": 0, "at": 0, "preview": ""})
        chat["unread"] += 1
        chat["ends"] = time.time() + INBOX_TTL
        if at >= chat["at"]:
            chat |= {"at": at, "preview": text[:40]}
    return message, 201


@app.get("/inbox/<user>")
def inbox(user):
    try:
        offset, limit = int(request.args.get("offset", 0)), int(request.args.get("limit", 20))
    except ValueError:
        return refused("offset and limit are whole numbers.")
    if offset < 0 or not 1 <= limit <= 100:
        return refused("offset is from 0 up, limit from 1 to 100.")
    with lock:
        page = sorted(chats_of(user).values(), key=lambda chat: -chat["at"])[offset : offset + limit]
        names = ("peer", "unread", "preview", "at")
        return {"user": user, "conversations": [{name: chat[name] for name in names} for chat in page]}


@app.post("/inbox/<user>/read")
def read(user):
    body = request.get_json(silent=True)
    peer = body.get("peer") if isinstance(body, dict) else None
    if not isinstance(peer, str):
        return refused("Send a JSON object with peer.")
    with lock:
        if peer not in chats_of(user):
            return {"error": f"{user} has no conversation with {peer}."}, 404
        chats_of(user)[peer]["unread"] = 0
    return {"peer": peer, "unread": 0}


if __name__ == "__main__":
    app.run(host="0.0.0.0", port=5000)
