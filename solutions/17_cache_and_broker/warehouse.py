"""The warehouse: a slow service that is not yours. Leave this file as it is; the grader brings its own copy.

GET  /prices/<item>   the price of an item; 404 if there is no such item
PUT  /prices/<item>   {"price": 120} sets it
POST /packed/<id>     packs an order
GET  /calls           how often it was asked what, and when: {"GET /prices/pen": {"at": [0.52, 3.1], "held": 0}}
PUT  /plan            makes it misbehave: {"call": "GET /prices/pen", "status": 500} fails from now on, {"call": …, "hold": 1} keeps
                      the next call waiting until there is another plan for it, {"call": …} is well again
"""

import json
import os
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

SECONDS = float(os.environ.get("WAREHOUSE_SECONDS", "0.5"))  # that each answer takes
HOLD_LIMIT = 60  # seconds for which a call is held at most

prices = {"pen": 120, "lamp": 2490, "chair": 4900}  # in cents
calls, plans = {}, {}
changed = threading.Condition()
began = time.monotonic()


def take(call):
    """Notes a call, waits as long as its plan says, and returns the status that it is to have."""
    with changed:
        seen = calls.setdefault(call, {"at": [], "held": 0})
        seen["at"].append(round(time.monotonic() - began, 3))
        plan = plans.get(call, {})
        if plan.get("hold", 0) > 0:
            plan["hold"] -= 1
            seen["held"] += 1
            changed.wait_for(lambda: plans.get(call) is not plan, HOLD_LIMIT)
            seen["held"] -= 1
        return plan.get("status", 200)


class Warehouse(BaseHTTPRequestHandler):
    def answer(self, status, body):
        data = json.dumps(body).encode() + b"\n"
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def body(self):
        return json.loads(self.rfile.read(int(self.headers.get("Content-Length") or 0)) or b"{}")

    def do_GET(self):
        if self.path == "/calls":
            with changed:
                return self.answer(200, calls)
        item = self.path.removeprefix("/prices/")
        price = prices.get(item)
        status = take(f"GET {self.path}")
        time.sleep(SECONDS)
        if status != 200:
            return self.answer(status, {"error": "The warehouse has a problem."})
        if price is None:
            return self.answer(404, {"error": "There is no such item."})
        return self.answer(200, {"item": item, "price": price})

    def do_PUT(self):
        sent = self.body()
        if self.path == "/plan":
            with changed:
                plans[sent.pop("call")] = sent
                changed.notify_all()
            return self.answer(200, sent)
        status = take(f"PUT {self.path}")
        if status != 200:
            return self.answer(status, {"error": "The warehouse has a problem."})
        item = self.path.removeprefix("/prices/")
        prices[item] = sent["price"]
        return self.answer(200, {"item": item, "price": sent["price"]})

    def do_POST(self):
        status = take(f"POST {self.path}")
        time.sleep(SECONDS)
        if status != 200:
            return self.answer(status, {"error": "The warehouse cannot pack this."})
        return self.answer(200, {"packed": self.path.removeprefix("/packed/")})

    def log_message(self, *words):
        """Prints nothing: /calls says what was asked."""


class Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128


if __name__ == "__main__":
    Server(("0.0.0.0", int(os.environ.get("PORT", "5001"))), Warehouse).serve_forever()
