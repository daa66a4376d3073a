"""Does the orders of the stream, one after the other. Any number of workers may run at once."""

import os
import socket
import time

from redis import exceptions
from shop import FAILED, GROUP, JOB_LEASE, ORDERS, SOLD, TRIES, WarehouseError, ask_warehouse, store

ME = f"{socket.gethostname()}-{os.getpid()}"
WAIT = 200  # milliseconds for which Redis waits for a new order: less than SOCKET_TIMEOUT
REMEMBERED = 7 * 24 * 3600  # seconds for which an order is known to be done


def make_group():
    """The group sees the stream from its beginning: orders may have come before the first worker."""
    try:
        store.xgroup_create(ORDERS, GROUP, id="0", mkstream=True)
    except exceptions.ResponseError as error:
        if "BUSYGROUP" not in str(error):  # it is there already
            raise


def next_order():
    """An order that nobody has finished in JOB_LEASE seconds, else a new one: (entry, order). None if there is none now."""
    _, claimed, _ = store.xautoclaim(ORDERS, GROUP, ME, min_idle_time=int(JOB_LEASE * 1000), count=1)
    if claimed:
        return claimed[0]
    for _, entries in store.xreadgroup(GROUP, ME, {ORDERS: "0"}, count=1, block=WAIT):
        if entries:
            return entries[0]
    time.sleep(WAIT / 1000)
    return None


def do(entry, order):
    """Packs and books an order. One that fails stays pending and comes again; after TRIES it is set aside, whatever ended them."""
    pending = store.xpending_range(ORDERS, GROUP, entry, entry, 1)
    if pending and pending[0]["times_delivered"] > TRIES:
        set_aside(entry, order)
        return
    try:
        ask_warehouse("POST", f"/packed/{order['id']}")
    except WarehouseError as error:
        print(f"order {order['id']}: {error}", flush=True)
        return
    book(entry, order)


def book(entry, order):
    """Counts an order as sold, notes that it was, and takes it off the stream: all of it or nothing, and never twice."""
    done = f"shop:done:{order['id']}"

    def change(pipe):
        is_done = pipe.exists(done)
        pipe.multi()
        if not is_done:
            pipe.hincrby(SOLD, order["item"], int(order["count"]))
            pipe.set(done, 1, ex=REMEMBERED)
        pipe.xack(ORDERS, GROUP, entry)
        pipe.xdel(ORDERS, entry)

    store.transaction(change, done)


def set_aside(entry, order):
    """Moves an order to the stream of those that somebody must look at."""
    with store.pipeline() as transaction:
        transaction.xadd(FAILED, order)
        transaction.xack(ORDERS, GROUP, entry)
        transaction.xdel(ORDERS, entry)
        transaction.execute()


if __name__ == "__main__":
    make_group()
    while True:
        found = next_order()
        if found:
            do(*found)
