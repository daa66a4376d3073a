"""Does the orders of the stream, one after the other. Any number of workers may run at once."""

import os
import socket

from redis import exceptions
from shop import GROUP, ORDERS, SOLD, ask_warehouse, store

ME = f"{socket.gethostname()}-{os.getpid()}"
WAIT = 200  # milliseconds for which Redis waits for a new order: less than SOCKET_TIMEOUT


def make_group():
    """The group sees the stream from its beginning: orders may have come before the first worker."""
    try:
        store.xgroup_create(ORDERS, GROUP, id="0", mkstream=True)
    except exceptions.ResponseError as error:
        if "BUSYGROUP" not in str(error):  # it is there already
            raise


def next_order():
    """A new order: (entry, order). None if there is none now."""
    # Your turn: an order that another worker took JOB_LEASE seconds ago and has not finished comes first
    for _, entries in store.xreadgroup(GROUP, ME, {ORDERS: ">"}, count=1, block=WAIT):
        return entries[0]
    return None


def do(entry, order):
    """Packs an order and counts it as sold."""
    # Your turn: nothing may be lost if the worker dies in any of these lines, and nothing be counted twice
    store.xack(ORDERS, GROUP, entry)
    ask_warehouse("POST", f"/packed/{order['id']}")
    store.hincrby(SOLD, order["item"], int(order["count"]))


if __name__ == "__main__":
    make_group()
    while True:
        found = next_order()
        if found:
            do(*found)
