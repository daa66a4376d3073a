"""Four visitors at once count 400 visits in all, in two ways. Your own service goes into app.py."""

import os
from threading import Thread

from redis import Redis

VISITORS, EACH = 4, 100
store = Redis.from_url(os.environ.get("REDIS_URL", "redis://localhost:6379/0"), decode_responses=True)


def get_and_set():
    count = int(store.get("race") or 0)
    store.set("race", count + 1)


def incr():
    store.incr("race")


def counted_by(way):
    store.delete("race")
    visitors = [Thread(target=lambda: [way() for _ in range(EACH)]) for _ in range(VISITORS)]
    for visitor in visitors:
        visitor.start()
    for visitor in visitors:
        visitor.join()
    return int(store.get("race"))


if __name__ == "__main__":
    print(f"GET and SET counted {counted_by(get_and_set)} of {VISITORS * EACH}")
    print(f"INCR counted {counted_by(incr)} of {VISITORS * EACH}")
    store.delete("race")
