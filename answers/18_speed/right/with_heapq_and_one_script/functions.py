from itertools import islice
import heapq


def biggest_keys(r, count):
    def sizes():
        cursor, seen = 0, set()
        while True:
            cursor, keys = r.scan(cursor, count=1000)
            keys = [k for k in keys if not (k in seen or seen.add(k))]
            pipe = r.pipeline(transaction=False)
            for k in keys: pipe.execute_command("MEMORY", "USAGE", k, "SAMPLES", 0)
            yield from ((k, b) for k, b in zip(keys, pipe.execute()) if b is not None)
            if not cursor: return
    return heapq.nlargest(count, sizes(), key=lambda pair: pair[1])


def sell(r, orders):
    import json
    text = r.eval("""
    local answer = {}
    for i, order in ipairs(cjson.decode(ARGV[1])) do
      local key = 'stock:' .. order[1]
      local ok = (tonumber(redis.call('GET', key)) or 0) >= order[2]
      if ok then redis.call('DECRBY', key, order[2]) end
      answer[#answer + 1] = ok and 'yes' or 'no'
    end
    return answer""", 0, json.dumps(orders))
    return [one == "yes" for one in text]


def measure(r, key, count):
    def once():
        begin = time.perf_counter_ns()
        r.get(key)
        return (time.perf_counter_ns() - begin) / 1e6
    once()
    times = [once() for _ in range(count)]
    return dict(times=times, median=statistics.quantiles(times, n=2, method="inclusive")[0], slowest=sorted(times)[-1])


def measure(r, key, count):
    all_times = []
    for _ in range(count + 1):
        t = time.monotonic()
        r.get(key)
        all_times += [(time.monotonic() - t) * 1000]
    _, *times = all_times
    s = sorted(times)
    return {"times": times, "median": (s[(count - 1) // 2] + s[count // 2]) / 2, "slowest": s[-1]}


def import_stock(r, rows, size):
    it = iter(rows)
    while batch := list(islice(it, size)):
        with r.pipeline(transaction=False) as pipe:
            for product, number in batch:
                pipe.set("stock:" + product, number)
            pipe.execute()


def feed_page(r, name, page, size):
    key = f"feed:{name}"
    full, rest = divmod(r.llen(key), size)
    start = size * (page - 1)
    return r.lrange(key, start, start + size - 1), full + bool(rest)
