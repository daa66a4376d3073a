import uuid

from redis import exceptions

from shop import FAILED, GROUP, JOB_LEASE, ORDERS, SOLD, TRIES, WarehouseError, ask_warehouse, store

ME = uuid.uuid4().hex
BOOK = store.register_script("""
if redis.call('SADD', 'shop:booked', ARGV[1]) == 1 then redis.call('HINCRBY', KEYS[2], ARGV[2], ARGV[3]) end
redis.call('XACK', KEYS[1], ARGV[5], ARGV[4])
redis.call('XDEL', KEYS[1], ARGV[4])
""")
FAIL = store.register_script("""
local seen = redis.call('XPENDING', KEYS[1], ARGV[1], ARGV[2], ARGV[2], 1)
if #seen == 0 or seen[1][4] < tonumber(ARGV[3]) then return 0 end
local entry = redis.call('XRANGE', KEYS[1], ARGV[2], ARGV[2])
if #entry == 1 then redis.call('XADD', KEYS[2], '*', unpack(entry[1][2])) end
redis.call('XACK', KEYS[1], ARGV[1], ARGV[2])
return redis.call('XDEL', KEYS[1], ARGV[2])
""")


def abandoned():
    start = "0-0"
    while True:
        start, entries, _ = store.xautoclaim(ORDERS, GROUP, ME, round(JOB_LEASE * 1000), start_id=start, count=1)
        yield from entries
        if start == "0-0":
            return


def fresh():
    for _, entries in store.xreadgroup(GROUP, ME, {ORDERS: ">"}, block=150, count=1):
        yield from entries


try:
    store.xgroup_create(ORDERS, GROUP, "0", mkstream=True)
except exceptions.ResponseError:
    pass
while True:
    for source in (abandoned, fresh):
        for entry, order in source():
            try:
                ask_warehouse("POST", f"/packed/{order['id']}")
            except WarehouseError:
                FAIL([ORDERS, FAILED], [GROUP, entry, TRIES])
            else:
                BOOK([ORDERS, SOLD], [order["id"], order["item"], order["count"], entry, GROUP])
