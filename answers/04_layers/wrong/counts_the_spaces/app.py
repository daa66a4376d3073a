"""Notes: keeps what it is told, one note a line, in a file under DATA_DIR."""

import ctypes
import json
import os
from pathlib import Path

from flask import Flask, request

HERE = Path(__file__).parent
NOTES = Path(os.environ.get("DATA_DIR", HERE / "data")) / "notes.txt"
SEAL = HERE / "seal.json"

tally = ctypes.CDLL(str(HERE / "libtally.so"))
app = Flask(__name__)


@app.get("/healthz")
def healthz():
    return {"status": "ok"}


@app.get("/words")
def words():
    """How many words a text has, counted by the C library."""
    return {"words": request.args.get("text", "").count(" ") + 1}


@app.get("/seal")
def seal():
    """The release that this image was built from, and its seal."""
    if not SEAL.exists():
        return {"error": "this image was never sealed"}, 404
    return json.loads(SEAL.read_text(encoding="utf-8"))


@app.get("/notes")
def notes():
    return {"notes": NOTES.read_text(encoding="utf-8").splitlines() if NOTES.exists() else []}


@app.post("/notes")
def add_note():
    text = " ".join(request.get_json()["text"].split())
    NOTES.parent.mkdir(parents=True, exist_ok=True)
    with NOTES.open("a", encoding="utf-8") as file:
        file.write(f"{text}\n")
    return {"text": text}, 201


if __name__ == "__main__":
    app.run(host="0.0.0.0", port=5000)
