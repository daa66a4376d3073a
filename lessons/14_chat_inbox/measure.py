"""How long does the first page of an inbox take? Three ways to ask for the same 20 conversations, on the Redis of REDIS_URL."""

import json
import math
import os
import statistics
import time

from redis import Redis

store = Redis.from_url(
    os.environ.get("REDIS_URL", "redis://127.0.0.1:8314/0"), decode_responses=True, socket_timeout=60
)
SIZES = (100, 1_000, 10_000, 100_000)
PAGE = 20
AT, CHATS = "inbox:{measure}:at", "inbox:{measure}:chats"
SCRIPT = store.register_script("""
local peers = redis.call('ZRANGE', KEYS[1], 0, ARGV[1] - 1, 'REV')
return redis.call('HMGET', KEYS[2], unpack(peers))
""")


def one_by_one():
    """The index first, then a trip for each conversation of the page."""
    return [store.hget(CHATS, peer) for peer in store.zrange(AT, 0, PAGE - 1, desc=True)]


def all_of_them():
    """One trip that fetches all conversations; Python sorts them and keeps the page."""
    chats = store.hvals(CHATS)
    return sorted(chats, key=lambda chat: json.loads(chat)["at"], reverse=True)[:PAGE]


def one_script():
    """One trip: the script runs inside Redis, and sends the page only."""
    return SCRIPT(keys=[AT, CHATS], args=[PAGE])


def fill(size):
    """Writes an inbox of `size` conversations."""
    store.delete(AT, CHATS)
    for begin in range(0, size, 1_000):
        chats = {
            f"peer{at}": {"at": at, "unread": 3, "preview": "See you at eight, and bring coffee"}
            for at in range(begin, begin + min(1_000, size))
        }
        store.zadd(AT, {peer: chat["at"] for peer, chat in chats.items()})
        store.hset(CHATS, mapping={peer: json.dumps(chat) for peer, chat in chats.items()})


def milliseconds(way):
    """The median of five readings, after one that does not count."""
    times = []
    for _ in range(6):
        begin = time.perf_counter()
        way()
        times.append((time.perf_counter() - begin) * 1000)
    return statistics.median(times[1:])


def bar(figure):
    """A bar that is 8 characters longer for each factor of ten."""
    return "█" * max(1, round(8 * (2 + math.log10(figure))))


print(f"a page of {PAGE}, in milliseconds (each 8 █ are a factor of ten)")
for size in SIZES:
    fill(size)
    print(f"\nan inbox of {size:,} conversations")
    for way in (one_by_one, all_of_them, one_script):
        figure = milliseconds(way)
        print(f"  {way.__name__:<12} {figure:9.2f}  {bar(figure)}")
store.delete(AT, CHATS)
