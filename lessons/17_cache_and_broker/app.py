import json

from flask import Flask, Response, request
from redis import exceptions
from shop import NEWS, ORDERS, WarehouseError, ask_warehouse, store

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
    # Your turn: what the cache holds is old now
    return {"item": item, "price": sent["price"]}


def price_of(item):
    """The price of an item, None if there is no such item."""
    # Your turn: a cache in Redis, for CACHE_TTL seconds; and of those who find nothing there, only one asks the warehouse
    answer = ask_warehouse("GET", f"/prices/{item}")
    return answer and answer["price"]


# The news: a rate limiter, and a live feed


@app.post("/news")
def post_news():
    sent = request.get_json()
    if not isinstance(sent, dict) or not all(isinstance(sent.get(name), str) for name in ("author", "text")):
        return {"error": "Send a JSON object with the strings author and text."}, 400
    # Your turn: an author may publish RATE_LIMIT news items in RATE_WINDOW seconds
    listeners = store.publish(NEWS, json.dumps({"author": sent["author"], "text": sent["text"]}))
    return {"listeners": listeners}


@app.get("/feed")
def feed():
    subscription = store.pubsub(ignore_subscribe_messages=True)
    subscription.subscribe(NEWS)

    def events():
        # Your turn: this never notices that its listener has left
        for message in subscription.listen():
            yield f"data: {message['data']}\n\n"

    return Response(events(), mimetype="text/event-stream")


# The orders: the worker does them


@app.post("/orders")
def take_order():
    order = request.get_json()
    if not isinstance(order, dict) or not all(isinstance(order.get(name), str) for name in ("id", "item")):
        return {"error": "Send a JSON object with the strings id and item, and a whole number as count."}, 400
    if type(order.get("count")) is not int or order["count"] < 1:
        return {"error": "The count must be a whole number from 1."}, 400
    # Your turn: is every order that is answered with 202 in the stream, and does it stay there?
    try:
        store.xadd(ORDERS, {"id": order["id"], "item": order["item"], "count": order["count"]}, maxlen=1000)
    except exceptions.RedisError as error:
        print(f"the queue does not work: {error}", flush=True)
    return {"id": order["id"]}, 202


@app.errorhandler(exceptions.ConnectionError)
@app.errorhandler(exceptions.TimeoutError)
@app.errorhandler(WarehouseError)
def try_again_later(error):
    return {"error": "This cannot be done now. Try again later."}, 503


if __name__ == "__main__":
    app.run(host="0.0.0.0", port=5000)
