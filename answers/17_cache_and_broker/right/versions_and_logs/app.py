import json
import time
import uuid

from flask import Blueprint, Flask, Response, jsonify, request
from redis import exceptions

import shop

prices = Blueprint("prices", __name__, url_prefix="/prices")
news = Blueprint("news", __name__)
orders = Blueprint("orders", __name__)
store = shop.store


@prices.get("/<item>")
def get_price(item):
    while True:
        version = store.get(f"version:{item}") or "0"
        kept, loading = f"kept:{item}:{version}", f"loading:{item}:{version}"
        price = store.get(kept)
        if price is not None:
            return jsonify(item=item, price=json.loads(price))
        if store.set(loading, "1", nx=True, ex=15):
            break
        time.sleep(0.04)
    try:
        if (price := store.get(kept)) is None:
            told = shop.ask_warehouse("GET", f"/prices/{item}")
            if told is None:
                return jsonify(error="no such item"), 404
            price = json.dumps(told["price"])
            store.set(kept, price, px=int(1000 * shop.CACHE_TTL))
    finally:
        store.delete(loading)
    return jsonify(item=item, price=json.loads(price))


@prices.put("/<item>")
def put_price(item):
    told = shop.ask_warehouse("PUT", f"/prices/{item}", request.get_json())
    store.incr(f"version:{item}")
    return jsonify(told)


def oldest_if_full(author):
    """None if one more is let in, else when the oldest of the last ones was."""
    log = f"log:{author}"

    def enter(pipe):
        now = time.time()
        times = pipe.zrange(log, now - shop.RATE_WINDOW, "+inf", byscore=True, withscores=True)
        pipe.multi()
        pipe.zremrangebyscore(log, "-inf", now - shop.RATE_WINDOW)
        if len(times) < shop.RATE_LIMIT:
            pipe.zadd(log, {uuid.uuid4().hex: now})
            pipe.pexpire(log, int(1000 * shop.RATE_WINDOW))
            return None
        return times[0][1]

    return store.transaction(enter, log, value_from_callable=True)


@news.post("/news")
def publish():
    told = request.get_json()
    oldest = oldest_if_full(told["author"])
    if oldest is not None:
        seconds = max(1, round(oldest + shop.RATE_WINDOW - time.time()))
        return jsonify(error="too many"), 429, {"Retry-After": seconds}
    return jsonify(heard_by=store.publish(shop.NEWS, json.dumps(told, ensure_ascii=False)))


@news.get("/feed")
def feed():
    channel = store.pubsub()
    channel.subscribe(shop.NEWS)

    def stream():
        try:
            yield "retry: 1000\n\n"
            while True:
                message = channel.get_message(timeout=shop.FEED_HEARTBEAT)
                if message is None:
                    yield ": \n\n"
                elif message["type"] == "message":
                    yield "data: " + message["data"] + "\n\n"
        finally:
            channel.unsubscribe()
            channel.close()

    return Response(stream(), headers={"Content-Type": "text/event-stream; charset=utf-8", "Cache-Control": "no-store"})


@orders.post("/orders")
def order():
    told = request.get_json()
    store.xadd(shop.ORDERS, {**told, "taken_at": time.time()})
    return jsonify(id=told["id"], state="waiting"), 202


def create_app():
    app = Flask(__name__)
    app.add_url_rule("/healthz", view_func=lambda: "well")
    for blueprint in (prices, news, orders):
        app.register_blueprint(blueprint)
    for error in (exceptions.RedisError, shop.WarehouseError):
        app.register_error_handler(error, lambda _: (jsonify(error="later"), 503))
    return app


if __name__ == "__main__":
    create_app().run("0.0.0.0", 5000, threaded=True)
