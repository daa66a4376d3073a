"""Two threads in each worker: one claims what was abandoned, the other takes what is new."""

import threading
import uuid

from redis import ResponseError

import shop
from shop import store

ME = str(uuid.uuid4())


def claimed():
    return store.xautoclaim(shop.ORDERS, shop.GROUP, ME, int(shop.JOB_LEASE * 1000), count=1)[1]


def new():
    return [entry for _, some in store.xreadgroup(shop.GROUP, ME, {shop.ORDERS: ">"}, 1, 200) for entry in some]


def handle(entry, order):
    tries = store.hincrby("shop:tries", entry, 1)
    try:
        shop.ask_warehouse("POST", f"/packed/{order['id']}")
    except shop.WarehouseError:
        if tries < shop.TRIES:
            return
        pipe = store.pipeline()
        pipe.xadd(shop.FAILED, order)
    else:
        pipe = store.pipeline()
        pipe.eval(
            "if redis.call('SET', KEYS[1], 1, 'NX', 'EX', 86400) then redis.call('HINCRBY', KEYS[2], ARGV[1], ARGV[2]) end",
            2, f"shop:done:{order['id']}", shop.SOLD, order["item"], order["count"],
        )
    pipe.xack(shop.ORDERS, shop.GROUP, entry).xdel(shop.ORDERS, entry).hdel("shop:tries", entry).execute()


def go_on(source, pause):
    while True:
        for entry, order in source():
            handle(entry, order)
        pause.wait(0.1)


try:
    store.xgroup_create(shop.ORDERS, shop.GROUP, 0, mkstream=True)
except ResponseError:
    pass
threads = [threading.Thread(target=go_on, args=(source, threading.Event())) for source in (claimed, new)]
for thread in threads:
    thread.start()
