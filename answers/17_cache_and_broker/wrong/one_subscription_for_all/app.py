import json
import math
import time
import uuid

from flask import Flask, Response, request
from redis import exceptions
from shop import CACHE_TTL, FEED_HEARTBEAT, NEWS, ORDERS, RATE_LIMIT, RATE_WINDOW, WarehouseError, ask_warehouse, store

LEASE = 20  # seconds for which one request may be the only one that loads a price
LOOK_AGAIN = 0.05  # seconds between two looks of those who wait for it

app = Flask(__name__)
app.json.ensure_ascii = False


@app.get("/healthz")
def healthz():
    return {"status": "ok"}


# The cache


@app.get("/prices/<item>")
def get_price(item):
    price = price_of(item)
    if price is None:
        return {"error": f"There is no item {item}."}, 404
    return {"item": item, "price": price}


@app.put("/prices/<item>")
def set_price(item):
    sent = request.get_json()
    if not isinstance(sent, dict) or type(sent.get("price")) is not int:
        return {"error": "Send a JSON object with a whole number as price."}, 400
    ask_warehouse("PUT", f"/prices/{item}", {"price": sent["price"]})
    # After the change, not before it; and without its lease, whoever loads the old price just now does not keep it.
    store.delete(f"shop:price:{item}", f"shop:lease:{item}")
    return {"item": item, "price": sent["price"]}


def price_of(item):
    """The price that is kept, else that of the warehouse, which one request asks for all. None if there is no such item."""
    kept, lease, token = f"shop:price:{item}", f"shop:lease:{item}", uuid.uuid4().hex
    while (price := store.get(kept)) is None:
        if store.set(lease, token, nx=True, ex=LEASE):
            return load(item, kept, lease, token)
        time.sleep(LOOK_AGAIN)
    return int(price)


def load(item, kept, lease, token):
    """Asks the warehouse, and keeps its answer if the lease is still ours: it is not if the price was changed meanwhile."""
    answer = None
    try:
        if (price := store.get(kept)) is not None:  # it came between our look and our lease
            return int(price)
        answer = ask_warehouse("GET", f"/prices/{item}")
        return answer and answer["price"]
    finally:

        def keep(pipe):
            if pipe.get(lease) == token:
                pipe.multi()
                if answer:
                    pipe.set(kept, answer["price"], px=int(CACHE_TTL * 1000))
                pipe.delete(lease)

        store.transaction(keep, lease)


# The news: a rate limiter, and a live feed


@app.post("/news")
def post_news():
    sent = request.get_json()
    if not isinstance(sent, dict) or not all(isinstance(sent.get(name), str) for name in ("author", "text")):
        return {"error": "Send a JSON object with the strings author and text."}, 400
    wait = seconds_to_wait(sent["author"])
    if wait:
        return {"error": "Too much news at once."}, 429, {"Retry-After": str(math.ceil(wait))}
    listeners = store.publish(NEWS, json.dumps({"author": sent["author"], "text": sent["text"]}))
    return {"listeners": listeners}


def seconds_to_wait(author):
    """0 if the author may publish now, else the seconds until the window ends that began with the first news item."""
    key = f"shop:rate:{author}"
    with store.pipeline() as transaction:
        transaction.set(key, 0, nx=True, px=int(RATE_WINDOW * 1000))
        transaction.incr(key)
        transaction.pttl(key)
        _, count, left = transaction.execute()
    return 0 if count <= RATE_LIMIT else left / 1000


subscription = store.pubsub(ignore_subscribe_messages=True)


@app.get("/feed")
def feed():
    if not subscription.subscribed:
        subscription.subscribe(NEWS)

    def events():
        while True:
            message = subscription.get_message(timeout=FEED_HEARTBEAT)
            yield f"data: {message['data']}\n\n" if message else ": still here\n\n"

    return Response(events(), mimetype="text/event-stream")


# The orders: the worker does them


@app.post("/orders")
def take_order():
    order = request.get_json()
    if not isinstance(order, dict) or not all(isinstance(order.get(name), str) for name in ("id", "item")):
        return {"error": "Send a JSON object with the strings id and item, and a whole number as count."}, 400
    if type(order.get("count")) is not int or order["count"] < 1:
        return {"error": "The count must be a whole number from 1."}, 400
    store.xadd(ORDERS, {"id": order["id"], "item": order["item"], "count": order["count"]})
    return {"id": order["id"]}, 202


@app.errorhandler(exceptions.ConnectionError)
@app.errorhandler(exceptions.TimeoutError)
@app.errorhandler(exceptions.OutOfMemoryError)
@app.errorhandler(WarehouseError)
def try_again_later(error):
    return {"error": "This cannot be done now. Try again later."}, 503


if __name__ == "__main__":
    app.run(host="0.0.0.0", port=5000)
