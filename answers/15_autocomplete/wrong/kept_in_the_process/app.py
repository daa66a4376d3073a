"""Autocompletion in the memory of one process."""

import unicodedata

from flask import Flask, request

app = Flask(__name__)
app.json.ensure_ascii = False
weights = {}


def folded(text):
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", text).casefold())


@app.get("/healthz")
def healthz():
    return {"status": "ok"}


@app.post("/words")
def add():
    body = request.get_json(silent=True)
    word, weight = (body.get("word"), body.get("weight")) if isinstance(body, dict) else (None, None)
    if not isinstance(word, str) or not word.strip() or len(word) > 50:
        return {"error": "word is a text of 1 to 50 characters."}, 400
    if type(weight) is not int or not 1 <= weight <= 1_000_000:
        return {"error": "weight is a whole number from 1 to 1,000,000."}, 400
    word = folded(word)
    weights[word] = weights.get(word, 0) + weight
    return {"word": word, "weight": weights[word]}, 201


@app.get("/complete")
def complete():
    q, n = request.args.get("q"), request.args.get("n", "10")
    if not q or not n.isdigit() or not 1 <= int(n) <= 100:
        return {"error": "q says how the word begins, and n is a whole number from 1 to 100."}, 400
    found = [(word, weight) for word, weight in weights.items() if word.startswith(folded(q))]
    best = sorted(found, key=lambda pair: (-pair[1], pair[0]))[: int(n)]
    return {"q": q, "completions": [{"word": word, "weight": weight} for word, weight in best]}


if __name__ == "__main__":
    app.run(host="0.0.0.0", port=5000)
