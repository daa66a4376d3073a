"""The shop on Python's own HTTP server: no framework."""

import json
import math
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from redis import RedisError

import shop
from shop import store


class Shop(BaseHTTPRequestHandler):
    def do_GET(self):
        self.dispatch({"healthz": self.well, "prices": self.get_price, "feed": self.feed})

    def do_PUT(self):
        self.dispatch({"prices": self.put_price})

    def do_POST(self):
        self.dispatch({"news": self.news, "orders": self.order})

    def dispatch(self, views):
        name, _, self.item = self.path.strip("/").partition("/")
        if name not in views:
            return self.say(404, error="no such address")
        try:
            length = int(self.headers.get("Content-Length") or 0)
            self.sent = json.loads(self.rfile.read(length)) if length else None
            return views[name]()
        except (RedisError, shop.WarehouseError) as error:
            return self.say(503, error=str(error))

    def say(self, status, headers=(), **body):
        data = json.dumps(body).encode()
        self.send_response(status)
        for name, value in (("Content-Type", "application/json"), ("Content-Length", str(len(data))), *headers):
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(data)

    def well(self):
        self.say(200, well=True)

    def get_price(self):
        told = price_of(self.item)
        return self.say(404, error="no such item") if told is None else self.say(200, item=self.item, price=told)

    def put_price(self):
        with store.lock(f"lock:{self.item}", timeout=20, sleep=0.05):
            shop.ask_warehouse("PUT", f"/prices/{self.item}", {"price": self.sent["price"]})
            store.hdel("prices", self.item)
        self.say(200, item=self.item, price=self.sent["price"])

    def news(self):
        window = f"window:{self.sent['author']}"
        store.set(window, shop.RATE_LIMIT, nx=True, px=int(shop.RATE_WINDOW * 1000))
        with store.pipeline() as pipe:
            left, milliseconds = pipe.decr(window).pttl(window).execute()
        if left < 0:
            return self.say(429, [("Retry-After", str(max(1, math.ceil(milliseconds / 1000))))], error="too many")
        return self.say(200, heard=store.publish(shop.NEWS, json.dumps(self.sent)))

    def feed(self):
        with store.pubsub(ignore_subscribe_messages=True) as channel:
            channel.subscribe(shop.NEWS)
            self.send_response(200)
            self.send_header("Content-Type", "text/event-stream")
            self.end_headers()
            while True:
                message = channel.get_message(timeout=shop.FEED_HEARTBEAT)
                line = f"data: {message['data']}\n\n" if message else ":\n\n"
                try:
                    self.wfile.write(line.encode())
                except OSError:
                    return

    def order(self):
        store.xadd(shop.ORDERS, {"id": self.sent["id"], "item": self.sent["item"], "count": self.sent["count"]})
        self.say(202, id=self.sent["id"])


def kept(item):
    """The price in the hash, while it is fresh."""
    told = store.hget("prices", item)
    price, _, until = (told or "").partition("@")
    return int(price) if told and time.time() < float(until) else None


def price_of(item):
    price = kept(item)
    if price is not None:
        return price
    with store.lock(f"lock:{item}", timeout=20, sleep=0.05):
        price = kept(item)
        if price is None:
            told = shop.ask_warehouse("GET", f"/prices/{item}")
            if told is None:
                return None
            price = told["price"]
            store.hset("prices", item, f"{price}@{time.time() + shop.CACHE_TTL}")
        return price


class Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128


Server(("0.0.0.0", 5000), Shop).serve_forever()
