"""Autocompletion: for each beginning of a word a sorted set of its best completions, the heaviest first."""

from __future__ import annotations

import unicodedata
from typing import Any

from flask import Blueprint, abort, current_app, request
from flask.typing import ResponseReturnValue

from app import asked, store

LONGEST = 50  # characters of a word
MOST = 2**31  # of one weight

blueprint = Blueprint("completions", __name__)

# KEYS: the hash of all weights, then the set of each beginning. A score is the weight below zero: so the heaviest comes
# first, and words of the same weight come in the order of the alphabet.
ADD = store.Script("""
local word, weight, cap = ARGV[1], ARGV[2], tonumber(ARGV[3])
local total = redis.call('HINCRBY', KEYS[1], word, weight)
for i = 2, #KEYS do
    redis.call('ZADD', KEYS[i], total, word)
    redis.call('ZREMRANGEBYRANK', KEYS[i], cap, -1)
end
return total
""")


@blueprint.post("/words")
def add() -> ResponseReturnValue:
    """Takes JSON with the text `word` and the whole number `weight`, adds to the word's weight, answers 201, the word and its weight."""
    body = asked.body('{"word": "…", "weight": 1}')
    word = asked.text(body.get("word"), "word")
    if not word.strip() or len(word) > LONGEST:
        abort(400, f"`word` is a text of 1 to {LONGEST} characters.")
    word, weight = folded(word), weight_of(body.get("weight"))
    beginnings = [key_of(word[:end]) for end in range(1, len(word) + 1)]
    total = ADD([f"words:{store.tag(word[:1])}", *beginnings], word, weight, current_app.config["COMPLETIONS_CAP"])
    return {"word": word, "weight": total}, 201


@blueprint.get("/complete")
def complete() -> ResponseReturnValue:
    """The `n` heaviest words that begin with `q`. One command, whatever the number of words."""
    q = asked.text(request.args.get("q"), "q")
    n = asked.number("n", 10, least=1, most=current_app.config["COMPLETIONS_CAP"])
    key = key_of(folded(q))
    with store.client(key) as redis:
        found: Any = redis.zrange(key, 0, n - 1, withscores=True)
    return {"q": q, "completions": [{"word": word, "weight": int(score)} for word, score in found]}


def folded(text: str) -> str:
    """The text as it is compared: composed characters, no capitals."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", text).casefold())


def key_of(beginning: str) -> str:
    """The set of a beginning. All words with the same first character have one hash tag: a word is added in one step."""
    return f"complete:{store.tag(beginning[:1])}:{beginning}"


def weight_of(found: Any) -> int:
    """`found`, if it is a weight; else the request ends with 400."""
    if not isinstance(found, int) or isinstance(found, bool) or not 0 < found < MOST:
        abort(400, f"`weight` is a whole number above 0 and below {MOST}.")
    return found
