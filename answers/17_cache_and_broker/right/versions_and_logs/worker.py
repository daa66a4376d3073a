import secrets
import sys

from redis import exceptions

import shop

store = shop.store


class Worker:
    def __init__(self):
        self.name = f"worker-{secrets.token_hex(4)}"
        try:
            store.xgroup_create(shop.ORDERS, shop.GROUP, id=0, mkstream=True)
        except exceptions.ResponseError as error:
            print(error, file=sys.stderr)

    def orders(self):
        while True:
            old = store.xpending_range(shop.ORDERS, shop.GROUP, "-", "+", 5, idle=int(1000 * shop.JOB_LEASE))
            for one in old:
                yield from store.xclaim(
                    shop.ORDERS, shop.GROUP, self.name, int(1000 * shop.JOB_LEASE), [one["message_id"]]
                )
            answer = store.xreadgroup(shop.GROUP, self.name, {shop.ORDERS: ">"}, count=3, block=100)
            for _, entries in answer:
                yield from entries

    def run(self):
        for entry, order in self.orders():
            try:
                shop.ask_warehouse("POST", f"/packed/{order['id']}")
            except Exception as error:
                self.failed(entry, order, error)
            else:
                self.sold(entry, order)

    def failed(self, entry, order, error):
        tries = store.hincrby("shop:tries", entry, 1)
        if tries >= shop.TRIES:
            with store.pipeline() as pipe:
                pipe.xadd(shop.FAILED, {**order, "error": str(error)})
                self.leave(pipe, entry)
                pipe.execute()

    def sold(self, entry, order):
        while True:
            with store.pipeline() as pipe:
                try:
                    pipe.watch("shop:known")
                    is_known = pipe.sismember("shop:known", order["id"])
                    pipe.multi()
                    if not is_known:
                        pipe.sadd("shop:known", order["id"])
                        pipe.hincrby(shop.SOLD, order["item"], order["count"])
                    self.leave(pipe, entry)
                    pipe.execute()
                    return
                except exceptions.WatchError:
                    continue

    def leave(self, pipe, entry):
        pipe.hdel("shop:tries", entry)
        pipe.xack(shop.ORDERS, shop.GROUP, entry)
        pipe.xdel(shop.ORDERS, entry)


if __name__ == "__main__":
    Worker().run()
