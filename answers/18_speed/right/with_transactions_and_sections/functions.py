import math
from itertools import islice


def measure(r, key, count):
    def one():
        start = time.perf_counter_ns()
        r.get(key)
        return (time.perf_counter_ns() - start) / 1e6

    times = [one() for _ in range(count + 1)][1:]
    in_order = sorted(times)
    return {"times": times, "median": (in_order[(count - 1) // 2] + in_order[count // 2]) / 2, "slowest": in_order[-1]}


def load_products(r, ids):
    with r.pipeline() as pipe:
        for one in ids:
            pipe.hgetall(f"product:{one}")
        return [product if product else None for product in pipe.execute()]


def import_stock(r, rows, size):
    rows = iter(rows)
    while batch := list(islice(rows, size)):
        with r.pipeline() as pipe:
            for product, number in batch:
                pipe.set(f"stock:{product}", number)
            pipe.execute()


def record_sale(r, product, cents):
    with r.pipeline() as pipe:
        pipe.lpush("recent", product).ltrim("recent", 0, 4)
        pipe.hincrby("shop:today", "sales").hincrby("shop:today", "turnover", cents)
        return pipe.execute()[-2:]


def feed_page(r, name, page, size):
    key = f"feed:{name}"
    return r.lrange(key, (page - 1) * size, page * size - 1), math.ceil(r.llen(key) / size)


def biggest_keys(r, count):
    keys = list(set(r.scan_iter(count=1000)))
    with r.pipeline() as pipe:
        for key in keys:
            pipe.memory_usage(key, samples=0)
        sizes = pipe.execute()
    return sorted(((key, size) for key, size in zip(keys, sizes) if size), key=lambda pair: pair[1], reverse=True)[:count]


def forget(r, keys):
    with r.pipeline() as pipe:
        for key in keys:
            pipe.unlink(key)
        return sum(pipe.execute())


def cache_report(r):
    everything = r.info()
    hits, misses = everything["keyspace_hits"], everything["keyspace_misses"]
    limit = int(r.config_get("maxmemory")["maxmemory"])
    try:
        hit_rate = hits / (hits + misses)
    except ZeroDivisionError:
        hit_rate = None
    return {"hit_rate": hit_rate, "evicted": everything["evicted_keys"], "full": everything["used_memory"] / limit if limit else None}


def sell(r, orders):
    digest = r.script_load("""
    if tonumber(redis.call('GET', KEYS[1]) or '0') >= tonumber(ARGV[1]) then
        return {redis.call('DECRBY', KEYS[1], ARGV[1])}
    end
    return {}
    """)
    with r.pipeline() as pipe:
        for product, pieces in orders:
            pipe.evalsha(digest, 1, f"stock:{product}", pieces)
        return [len(left) > 0 for left in pipe.execute()]
