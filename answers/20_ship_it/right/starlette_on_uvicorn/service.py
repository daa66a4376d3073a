"""The service as coroutines: Starlette, uvicorn, redis.asyncio."""

import os
import time

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Counter, generate_latest
from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import ConnectionError as RedisGone
from redis.exceptions import TimeoutError as RedisHangs
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

ENDS = int(os.environ.get("INBOX_TTL", 604800))
CAP = int(os.environ.get("COMPLETIONS_CAP", 100))
registry = CollectorRegistry()
requests = Counter("requests", "Requests", ["path"], registry=registry)
redis = Redis.from_url(
    os.environ["REDIS_URL"],
    decode_responses=True,
    socket_timeout=0.5,
    socket_connect_timeout=0.5,
    retry=Retry(NoBackoff(), 0),
)
receive = redis.register_script("""
local at, n = redis.call('HGET', KEYS[1], 'at:' .. ARGV[1]), redis.call('HINCRBY', KEYS[1], 'n:' .. ARGV[1], 1)
if not at or tonumber(at) <= tonumber(ARGV[2]) then
    redis.call('HSET', KEYS[1], 'at:' .. ARGV[1], ARGV[2], 'text:' .. ARGV[1], ARGV[3])
end
redis.call('HEXPIRE', KEYS[1], ARGV[4], 'FIELDS', 3, 'at:' .. ARGV[1], 'n:' .. ARGV[1], 'text:' .. ARGV[1])
return n
""")


def fail(status, words):
    raise HTTPException(status, words)


async def body(request, **kinds):
    try:
        found = await request.json()
        assert all(isinstance(found[name], kind) for name, kind in kinds.items())
    except (ValueError, KeyError, TypeError, AssertionError):
        fail(400, "malformed")
    return [found[name] for name in kinds]


async def set_pair(request):
    key, value = await body(request, key=str, value=str)
    await redis.set(key, value)
    return JSONResponse({"key": key, "value": value}, 201)


async def get_pair(request):
    key = request.query_params.get("key") or fail(400, "no key")
    value = await redis.get(key)
    if value is None:
        fail(404, "no such key")
    return JSONResponse({"key": key, "value": value})


async def index(request):
    return PlainTextResponse(f"Hello. Visits: {await redis.incr('workshop:visits')}")


async def send(request):
    sender, to, text, at = await body(request, **{"from": str}, to=str, text=str, at=(int, float))
    if sender == to or not text or at > time.time() + 86400:
        fail(400, "no message")
    await receive([f"inbox:{{{to}}}"], [sender, at, text[:40], ENDS])
    return JSONResponse({"from": sender, "to": to, "text": text, "at": at}, 201)


async def inbox(request):
    found = await redis.hgetall(f"inbox:{{{request.path_params['user']}}}")
    peers = [name[3:] for name in found if name.startswith("at:")]
    rows = [
        {
            "peer": one,
            "at": float(found[f"at:{one}"]),
            "unread": int(found[f"n:{one}"]),
            "preview": found[f"text:{one}"],
        }
        for one in peers
    ]
    return JSONResponse({"conversations": sorted(rows, key=lambda row: -row["at"])[:20]})


async def read(request):
    (peer,) = await body(request, peer=str)
    key = f"inbox:{{{request.path_params['user']}}}"
    if not await redis.hexists(key, f"at:{peer}"):
        fail(404, "no such peer")
    await redis.hsetex(key, f"n:{peer}", 0, keepttl=True)
    return JSONResponse({"peer": peer, "unread": 0})


async def add(request):
    word, weight = await body(request, word=str, weight=int)
    word = word.casefold()
    if not word.strip() or len(word) > 50 or weight < 1:
        fail(400, "no word")
    total = int(await redis.hincrby("weights", word, weight))
    async with redis.pipeline(transaction=True) as pipe:
        for end in range(1, len(word) + 1):
            pipe.zadd(f"complete:{word[:end]}", {word: total})
            pipe.zremrangebyrank(f"complete:{word[:end]}", 0, -CAP - 1)
        await pipe.execute()
    return JSONResponse({"word": word, "weight": total}, 201)


async def complete(request):
    q = request.query_params.get("q") or fail(400, "no q")
    n = int(request.query_params.get("n", 10))
    found = await redis.zrange(f"complete:{q.casefold()}", 0, n - 1, desc=True, withscores=True)
    return JSONResponse({"completions": [{"word": word, "weight": int(score)} for word, score in found]})


async def healthz(request):
    return JSONResponse({"status": "ok"})


async def readyz(request):
    await redis.ping()
    return JSONResponse({"status": "ok"})


async def metrics(request):
    return Response(generate_latest(registry), media_type=CONTENT_TYPE_LATEST)


async def gone(request, error):
    return JSONResponse({"error": "no Redis now"}, 503)


async def refused(request, error):
    return JSONResponse({"error": error.detail}, error.status_code)


class Counted:
    """Counts each request before it is answered."""

    def __init__(self, app):
        self.app = app

    async def __call__(self, scope, receive, send):
        if scope["type"] == "http":
            requests.labels(scope["path"]).inc()
        await self.app(scope, receive, send)


app = Counted(
    Starlette(
        routes=[
            Route("/", index),
            Route("/set", set_pair, methods=["POST"]),
            Route("/get", get_pair),
            Route("/messages", send, methods=["POST"]),
            Route("/inbox/{user}", inbox),
            Route("/inbox/{user}/read", read, methods=["POST"]),
            Route("/words", add, methods=["POST"]),
            Route("/complete", complete),
            Route("/healthz", healthz),
            Route("/readyz", readyz),
            Route("/metrics", metrics),
        ],
        exception_handlers={RedisGone: gone, RedisHangs: gone, HTTPException: refused},
    )
)
