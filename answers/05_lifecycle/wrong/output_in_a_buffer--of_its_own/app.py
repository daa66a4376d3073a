import atexit
import os
import time
from pathlib import Path

from flask import Flask, request

GREETING = os.environ.get("GREETING", "Hello World")
PORT = int(os.environ.get("PORT", "5000"))
BROKEN = Path("/tmp/broken")  # a file, so that every worker process of a server sees it

app = Flask(__name__)
log = open(1, "w", closefd=False)


@app.before_request
def log_request():
    print(f"handling {request.method} {request.path}", file=log)


@app.get("/")
def index():
    return GREETING


@app.get("/healthz")
def healthz():
    if BROKEN.exists():
        return {"status": "broken"}, 500
    return {"status": "ok"}


@app.get("/slow")
def slow():
    seconds = request.args.get("seconds", 1.0, type=float)
    time.sleep(seconds)
    return {"seconds": seconds}


@app.post("/break")
def break_it():
    BROKEN.touch()
    return {"status": "broken"}


@atexit.register
def goodbye():
    print("goodbye", file=log)


if __name__ == "__main__":
    app.run(host="0.0.0.0", port=PORT)
