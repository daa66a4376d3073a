import json
import time
from secrets import token_hex

from flask import Flask, Response, request
from redis import exceptions

from shop import CACHE_TTL, FEED_HEARTBEAT, NEWS, ORDERS, RATE_LIMIT, RATE_WINDOW, WarehouseError, ask_warehouse, store

app = Flask(__name__)

# Returns the price, or else "load" to the one who is to load it, or "wait".
LOOK = store.register_script("""
local price = redis.call('GET', KEYS[1])
if price then return price end
if redis.call('SET', KEYS[2], ARGV[1], 'NX', 'EX', 20) then return 'load' end
return 'wait'
""")
KEEP = store.register_script("""
if redis.call('GET', KEYS[2]) ~= ARGV[1] then return 0 end
redis.call('DEL', KEYS[2])
if ARGV[2] ~= '' then redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3]) end
return 1
""")
ENTER = store.register_script("""
local count = redis.call('INCR', KEYS[1])
if count == 1 then redis.call('PEXPIRE', KEYS[1], ARGV[2]) end
if count <= tonumber(ARGV[1]) then return 0 end
return redis.call('PTTL', KEYS[1])
""")


@app.route("/healthz")
def healthz():
    return "ok"


@app.route("/prices/<item>", methods=["GET", "PUT"])
def prices(item):
    keys = [f"cache:{{{item}}}", f"loader:{{{item}}}"]
    if request.method == "PUT":
        price = request.json["price"]
        ask_warehouse("PUT", f"/prices/{item}", {"price": price})
        store.delete(*keys)
        return {"item": item, "price": price}
    me = token_hex(8)
    while (found := LOOK(keys, [me])) == "wait":
        time.sleep(0.05)
    if found != "load":
        return {"item": item, "price": int(found)}
    price = ""
    try:
        told = ask_warehouse("GET", f"/prices/{item}")
        price = "" if told is None else told["price"]
    finally:
        KEEP(keys, [me, price, round(CACHE_TTL * 1000)])
    return ({"error": "not found"}, 404) if told is None else told


@app.route("/news", methods=["POST"])
def news():
    told = request.json
    left = ENTER([f"limit:{told['author']}"], [RATE_LIMIT, round(RATE_WINDOW * 1000)])
    if left:
        return {"error": "later"}, 429, {"Retry-After": str(left // 1000 + 1)}
    store.publish(NEWS, json.dumps(told))
    return "published\n"


@app.route("/feed")
def feed():
    return Response(events(), content_type="text/event-stream")


def events():
    with store.pubsub() as channel:
        channel.subscribe(NEWS)
        while True:
            message = channel.get_message(ignore_subscribe_messages=True, timeout=FEED_HEARTBEAT)
            if message:
                yield f"event: message\ndata: {message['data']}\n\n"
            else:
                yield ":\n\n"


@app.route("/orders", methods=["POST"])
def orders():
    order = request.json
    entry = store.xadd(ORDERS, {name: order[name] for name in ("id", "item", "count")})
    return {"id": order["id"], "entry": entry}, 202


@app.errorhandler(exceptions.RedisError)
@app.errorhandler(WarehouseError)
def unavailable(error):
    return {"error": type(error).__name__}, 503


app.run("0.0.0.0", 5000)
