"""Autocompletion: for each beginning of a word a sorted set of its best completions, the heaviest first."""

import os
import re
import unicodedata
from urllib.parse import unquote

from flask import Flask, jsonify, request
from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import ConnectionError as RedisGone
from redis.exceptions import TimeoutError as RedisHangs
from redis.retry import Retry

CAP = int(os.environ.get("COMPLETIONS_CAP", 100))  # completions kept for each beginning
LONGEST = 50  # characters of a word
HEAVIEST = 1_000_000
MOST = 100  # completions that one question may ask for

app = Flask(__name__)
app.json.ensure_ascii = False

store = Redis.from_url(
    os.environ.get("REDIS_URL", "redis://localhost:6379/0"),
    decode_responses=True,
    socket_connect_timeout=2,
    socket_timeout=2,
    retry=Retry(NoBackoff(), 0),
)

# KEYS: the hash of all weights, then the set of each beginning. A score is the negative weight: so the heaviest comes
# first, and words of the same weight come in the order of the alphabet.
ADD = store.register_script("""
local word, weight, cap = ARGV[1], ARGV[2], tonumber(ARGV[3])
local total = redis.call('HINCRBY', KEYS[1], word, weight)
for i = 2, #KEYS do
    redis.call('ZADD', KEYS[i], -total, word)
    redis.call('ZREMRANGEBYRANK', KEYS[i], cap, -1)
end
return total
""")


def folded(text):
    """The text as it is compared: composed characters, no capitals."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", text).casefold())


def tag_of(text):
    """The hash tag of all keys with the same first character. A number, since the character may be a brace."""
    return f"{{{ord(text[0])}}}"


def key_of(beginning):
    """The completions of a beginning."""
    return f"complete:{tag_of(beginning)}:{beginning}"


def weights_of(word):
    """The hash with the weights of all words that have the same first character."""
    return f"words:{tag_of(word)}"


def refused(reason):
    return {"error": reason}, 400


@app.get("/healthz")
def healthz():
    return {"status": "ok"}


@app.post("/words")
def add():
    body = request.get_json(silent=True)
    word, weight = (body.get("word"), body.get("weight")) if isinstance(body, dict) else (None, None)
    if not isinstance(word, str) or not word.strip() or len(word) > LONGEST:
        return refused(f"word is a text of 1 to {LONGEST} characters.")
    if not isinstance(weight, int) or isinstance(weight, bool) or not 1 <= weight <= HEAVIEST:
        return refused(f"weight is a whole number from 1 to {HEAVIEST}.")
    word = folded(word)
    beginnings = [key_of(word[:end]) for end in range(1, len(word) + 1)]
    total = ADD(keys=[weights_of(word), *beginnings], args=[word, weight, CAP])
    return {"word": word, "weight": total}, 201


@app.get("/complete")
def complete():
    q, n = request.args.get("q"), request.args.get("n", "10")
    q = unquote(q) if q else q
    if not q:
        return refused("Say how the word begins: /complete?q=…")
    if not re.fullmatch("[0-9]{1,3}", n) or not 1 <= int(n) <= MOST:
        return refused(f"n is a whole number from 1 to {MOST}.")
    found = store.zrange(key_of(folded(q)), 0, int(n) - 1, withscores=True)
    return {"q": q, "completions": [{"word": word, "weight": -int(score)} for word, score in found]}


@app.errorhandler(RedisGone)
@app.errorhandler(RedisHangs)
def redis_is_gone(error):
    return jsonify(error="Redis cannot be reached now. Try again later."), 503


if __name__ == "__main__":
    app.run(host="0.0.0.0", port=5000)
