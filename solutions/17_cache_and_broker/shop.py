"""What app.py and worker.py have in common: the settings, Redis, and the way to the warehouse. Nothing is missing here."""

import json
import os
import urllib.error
import urllib.parse
import urllib.request

from redis import Redis
from redis.backoff import NoBackoff
from redis.retry import Retry

# Times are in seconds.
CACHE_TTL = float(os.environ.get("CACHE_TTL", "30"))  # a price is kept for so long
RATE_LIMIT = int(os.environ.get("RATE_LIMIT", "5"))  # so many news items of one author …
RATE_WINDOW = float(os.environ.get("RATE_WINDOW", "10"))  # … in this time
FEED_HEARTBEAT = float(os.environ.get("FEED_HEARTBEAT", "5"))  # after such a silence the feed says that it is alive
JOB_LEASE = float(os.environ.get("JOB_LEASE", "10"))  # an order not done after that is given to another worker

ORDERS, FAILED, GROUP = "shop:orders", "shop:orders:failed", "workers"
SOLD = "shop:sold"  # a hash: item → how many were sold
NEWS = "shop:news"  # a channel
TRIES = 3  # after so many an order is set aside

SOCKET_TIMEOUT = 1.0  # seconds; a command that waits in Redis must wait for less

store = Redis.from_url(
    os.environ.get("REDIS_URL", "redis://127.0.0.1:8617/0"),
    decode_responses=True,
    socket_connect_timeout=SOCKET_TIMEOUT,
    socket_timeout=SOCKET_TIMEOUT,
    retry=Retry(NoBackoff(), 0),
)


class WarehouseError(Exception):
    """The warehouse cannot be reached, or has a problem."""


def ask_warehouse(method, path, body=None):
    """The warehouse's answer as a dict, None if it answers 404. Raises WarehouseError."""
    url = os.environ.get("WAREHOUSE_URL", "http://127.0.0.1:5001") + urllib.parse.quote(path)
    data = None if body is None else json.dumps(body).encode()
    try:
        with urllib.request.urlopen(urllib.request.Request(url, data, method=method), timeout=15) as answer:
            return json.load(answer)
    except urllib.error.HTTPError as error:
        if error.code == 404:
            return None
        raise WarehouseError(f"{method} {path}: {error.code}") from error
    except OSError as error:
        raise WarehouseError(f"{method} {path}: {error}") from error
