"""Lesson 18: speed, measured: round trips, batches, big keys, and a cache whose memory is bounded."""

import itertools
import statistics
import time

from workshop.grader import Unchecked, about, expect, few_bytes, keyed, list_of, rests_on, trips, wanted

ROUNDED = 0.006  # of a millisecond: times may be rounded to hundredths
NEAR = 0.08  # of a share: it may be rounded, and what Redis keeps for its clients goes up and down
PAIRS = list_of("pairs [key, bytes]", lambda one: isinstance(one, list) and [*map(type, one)] == [str, int])


def measured(notebook, redis, some, count, seconds, held=1):
    """What measure returns if `held` GETs are held up; the place of the first among its times; what all took, in ms."""
    redis.set(key := some.key(), some.text())
    with notebook.counted() as seen:
        notebook.measure(key, count, limit=15)
    warm_ups = max(1, seen["get"] - count)  # one was asked for; more are as good
    slow = warm_ups + some.number(2, count - held)
    delays, start = iter((slow - 1) * [0] + held * [seconds] + 4 * count * [0]), time.monotonic()
    with notebook.rival(lambda: time.sleep(next(delays)), before="packet", times=4 * count) as passed:
        figures = notebook.measure(key, count, limit=15)
    expect(figures, keyed("times", "median", "slowest"))
    expect(figures["times"], list_of("numbers, none below 0", lambda one: isinstance(one, (int, float)) and one >= 0))
    expect(passed.acted, wanted(f"{count} GETs, each on a trip of its own", lambda acted: acted >= count))
    return figures, slow - 1 - (passed.acted - count), (time.monotonic() - start) * 1000


def test_measure_times_each_call(notebook, redis, some):
    """measure times each GET for itself, in milliseconds and in the order of the calls"""
    count, held = some.number(8, 11), 100
    figures, place, took = measured(notebook, redis, some, count, held / 1000)
    times = figures["times"]
    expect(len(times), count)
    expect(times[place], wanted(f"at least {held}: GET number {place + 1} was held up", lambda slow: slow >= held))
    expect(sum(times), wanted(f"at most {took:.0f} for all together", lambda total: total <= took * 1.1))


def test_measure_leaves_out_the_first(notebook, redis, some):
    """measure makes one GET more before, to warm up, which is not among the times"""
    redis.set(key := some.key(), some.text())
    with notebook.counted() as seen:
        figures = notebook.measure(key, count := some.number(8, 20))
    expect(seen["get"], wanted(f"{count + 1} GETs for {count} times", lambda gets: gets > count))


@rests_on("test_measure_times_each_call")
def test_measure_knows_the_median(notebook, redis, some):
    """measure gives the median: the time in the middle, or halfway between the two in the middle"""
    for count in (5, 8):  # half of the GETs are held up, so that the two in the middle are far apart
        figures, *_ = measured(notebook, redis, some, count, 0.008, held=count // 2)
        times = figures["times"]
        expect(figures["median"], about(statistics.median(times), by=ROUNDED))


@rests_on("test_measure_times_each_call")
def test_measure_knows_the_slowest(notebook, redis, some):
    """measure gives the slowest time"""
    figures, *_ = measured(notebook, redis, some, some.number(6, 9), 0.01)
    times = figures["times"]
    expect(figures["slowest"], about(max(times), by=ROUNDED))


def products(redis, some, count):
    """Products in Redis: a dict from id to its fields."""
    made = {one: {"name": some.text(), "cents": str(some.number()), some.word(5): "x"} for one in some.words(count)}
    for word, fields in made.items():
        redis.hset(f"product:{word}", mapping=fields)
    return made


def test_load_products_loads(notebook, redis, some):
    """load_products returns the products as dicts with all their fields, in the order asked for"""
    made = products(redis, some, 6)
    ids = [*some.shuffled(made), *list(made)[:1]]  # one of them twice
    with notebook.counted() as seen:
        loaded = notebook.load_products(ids)
    expect(loaded, [made[one] for one in ids])
    expect(notebook.load_products([]), [])


@rests_on("test_load_products_loads")
def test_load_products_keeps_the_place_of_a_missing_one(notebook, redis, some):
    """load_products has None in the place of a product that is not there"""
    first, *rest = (made := products(redis, some, 3))
    expect(notebook.load_products([first, some.word(12), *rest]), [made[first], None, *(made[one] for one in rest)])


@rests_on("test_load_products_loads")
def test_load_products_in_one_trip(notebook, redis, some):
    """load_products asks Redis once, however many products there are"""
    ids = list(products(redis, some, 30))
    notebook.load_products(ids)  # so that Redis knows the script, if there is one
    with notebook.counted() as seen:
        notebook.load_products(ids)
    expect(seen, trips(1))


def test_import_stock_stores_all(notebook, redis, some):
    """import_stock stores every row, also those of a last batch that is not full, in place of an old number"""
    size = some.number(15, 20)
    for count in (3 * size, 2 * size + 7, 4, 0):
        redis.flushdb()
        rows = [[word, some.number(1, 900)] for word in some.words(count)]
        redis.set(f"stock:{rows[0][0] if rows else ''}", 1000)
        notebook.import_stock(rows, size)
        missing = [row for row in rows if redis.get(f"stock:{row[0]}") != str(row[1])]
        expect(missing, [])


@rests_on("test_import_stock_stores_all")
def test_import_stock_in_few_trips(notebook, redis, some):
    """import_stock makes no more trips than the batches need"""
    size = some.number(15, 20)
    rows = [[word, some.number(1, 900)] for word in some.words(6 * size + 3)]
    notebook.import_stock(rows[:1], size)  # so that Redis knows the script, if there is one
    with notebook.counted() as seen:
        notebook.import_stock(rows, size)
    expect(seen, trips(7))


@rests_on("test_import_stock_stores_all")
def test_import_stock_keeps_to_the_size(notebook, redis, some):
    """import_stock never sends more rows at once than the batch size"""
    rows, stored, size = [[word, some.number(1, 900)] for word in some.words(98)], [], some.number(15, 20)
    with notebook.rival(lambda: stored.append(redis.dbsize()), before="packet", times=2 * len(rows)):
        notebook.import_stock(rows, size)
    most = max(after - before for before, after in itertools.pairwise([*stored, redis.dbsize()]))
    expect(most, wanted(f"at most {size} rows at once", lambda most: most <= size))


def sale(redis):
    """What is in Redis about the sales of today: sales, turnover, the newest products."""
    return [*(int(one or 0) for one in redis.hmget("shop:today", "sales", "turnover")), redis.lrange("recent", 0, -1)]


def test_record_sale_counts(notebook, redis, some):
    """record_sale counts the sale, adds the turnover, keeps the 5 newest products, and returns both numbers"""
    sales, turnover, sold = some.number(10, 90), some.number(1000, 9000), some.words(6)
    sold.append(sold[4])  # one product is sold twice
    redis.hset("shop:today", mapping={"sales": sales, "turnover": turnover})
    for number, product in enumerate(sold, 1):
        turnover += (cents := some.number(100, 999))
        returned = notebook.record_sale(product, cents)
        expect(redis.type("shop:today"), "hash")
        *numbers, recent = sale(redis)
        expect(numbers, [sales + number, turnover])
        expect(returned, [sales + number, turnover])
        expect(recent[:5], sold[:number][::-1][:5])
    expect(recent, sold[:1:-1])


def test_record_sale_in_one_trip(notebook, some):
    """record_sale asks Redis once for all of it"""
    notebook.record_sale(some.word(), some.number())  # so that Redis knows the script, if there is one
    with notebook.counted() as seen:
        notebook.record_sale(some.word(), some.number())
    expect(seen, trips(1))


@rests_on("test_record_sale_counts")
def test_record_sale_in_one_step(notebook, redis, some):
    """record_sale is one step: nobody sees half of it, and no sale is lost"""
    looks, (mine, theirs), cents = [], some.words(2), some.number(100, 999)

    def act():
        looks.append(sale(redis))
        pipe = redis.pipeline(transaction=True)
        pipe.hincrby("shop:today", "sales", 1).hincrby("shop:today", "turnover", 1).lpush("recent", theirs).execute()

    def is_whole(look):
        sales, turnover, recent = look
        return len({sales > recent.count(theirs), turnover >= cents, mine in recent}) == 1

    with notebook.rival(act, before="every", times=3):
        notebook.record_sale(mine, cents)
    for look in looks:
        expect(look, wanted("all of the sale, or nothing of it", is_whole))
    expect(sale(redis)[:2], [len(looks) + 1, len(looks) + cents])


def feed(redis, some, count):
    """A feed in Redis: its name and its entries."""
    name, entries = some.word(), [f"{number} {some.word()}" for number in range(1, count + 1)]
    redis.rpush(f"feed:{name}", *entries)
    return name, entries


def page(notebook, *args):
    """The answer of feed_page, as its two parts."""
    parts = notebook.feed_page(*args)
    expect(parts, wanted("[entries, pages]", lambda parts: isinstance(parts, list) and len(parts) == 2))
    return parts


def test_feed_page_has_the_entries(notebook, redis, some):
    """feed_page returns the entries of the page: page 1 is the first, the last may be short, a page beyond it is empty"""
    size = some.number(5, 9)
    name, entries = feed(redis, some, 3 * size + 2)
    for number in (1, 2, 4, 6):
        expect(page(notebook, name, number, size)[0], entries[(number - 1) * size : number * size])


def test_feed_page_counts_the_pages(notebook, redis, some):
    """feed_page returns the number of pages, a last short one included"""
    size = some.number(5, 9)
    for count in (3 * size, 3 * size + 1, 1):
        expect(page(notebook, feed(redis, some, count)[0], 1, size)[1], -(-count // size))
    expect(page(notebook, some.word(), 1, size), [[], 0])


def test_feed_page_reads_no_more(notebook, redis, some):
    """feed_page has Redis send only the entries of the page"""
    name, _ = feed(redis, some, 4000)
    expect(redis.sent(lambda: notebook.feed_page(name, 3, 10)), few_bytes())


def test_biggest_keys_finds_them(notebook, redis, some):
    """biggest_keys returns the largest keys with their bytes, the largest first"""
    prefix = some.word(4)
    page, row, numbers = (f"{prefix}:{name}" for name in ("page", "list", "numbers"))
    redis.mset({page: "x" * 50_000} | {f"{prefix}:small:{one}": "x" * some.number(8, 300) for one in some.words(200)})
    redis.rpush(row, *(some.word(20) for _ in range(1000)))
    redis.sadd(numbers, *range(400))
    right = sorted(([key, redis.memory_usage(key)] for key in (page, row, numbers)), key=lambda pair: -pair[1])
    with notebook.counted() as seen:
        pairs = notebook.biggest_keys(3)
    expect(pairs, PAIRS)
    expect([key for key, _ in pairs], [key for key, _ in right])
    for (_, size), (_, right_size) in zip(pairs, right, strict=True):
        expect(size, about(right_size, share=0.2))  # MEMORY USAGE looks at samples


@rests_on("test_biggest_keys_finds_them")
def test_biggest_keys_leaves_out_what_is_gone(notebook, redis, some):
    """biggest_keys leaves out a key that is gone when its size is asked for"""
    redis.mset(dict(zip(keys := some.words(5), ["x" * 10**power for power in range(5)], strict=True)))
    going = iter([[], keys[-1:]])  # nothing before SCAN, the largest after it
    with notebook.rival(lambda: [redis.unlink(key) for key in next(going, [])], before="packet", times=9):
        pairs = notebook.biggest_keys(2)
    expect(pairs, PAIRS)
    expect([key for key, _ in pairs], [key for key in keys[::-1] if redis.exists(key)][:2])


def test_biggest_keys_in_pages(notebook, redis, some):
    """biggest_keys walks with SCAN, 1,000 keys at a time at most, and asks for the sizes of many keys on one trip"""
    redis.mset(dict.fromkeys(some.words(2100), "x"))
    found = []
    with notebook.counted() as seen:
        reads = redis.cost("total_reads_processed", lambda: found.append(notebook.biggest_keys(2099, limit=10)))
    expect(seen["keys"], 0)
    expect(seen["scan"], wanted("3 SCANs or more for 2,100 keys", lambda scans: scans >= 3))
    expect(reads, wanted("at most 1,000 reads from its connections, for 2,100 keys", lambda reads: reads <= 1000))
    expect(found[0], wanted("2,099 pairs", lambda pairs: isinstance(pairs, list) and len(pairs) == 2099))


def test_forget_takes_them_out(notebook, redis, some):
    """forget takes out these keys, no others, and returns how many of them were there"""
    gone, stays, missing = some.words(4), some.word(9), some.words(2, 10)
    for key in (*gone, stays):
        redis.rpush(key, *some.words(3))
    removed = notebook.forget(some.shuffled([*gone, *missing]))
    expect([redis.exists(*gone), redis.exists(stays)], [0, 1])
    expect(removed, len(gone))
    expect(notebook.forget([]), 0)


def test_forget_makes_nobody_wait(notebook, redis, some):
    """forget asks Redis once, and leaves the freeing of the memory to a thread in the background"""
    redis.mset(dict.fromkeys(keys := some.words(30), "x"))
    notebook.forget(some.words(2, 12))  # so that Redis knows the script, if there is one
    with notebook.counted() as seen:
        notebook.forget(keys)
    expect(seen, wanted("UNLINK, and no DEL", lambda seen: seen["unlink"] and not seen["del"]))
    expect(seen, trips(1))


def report(notebook, name):
    """One figure of cache_report's answer."""
    figures = notebook.cache_report()
    expect(figures, keyed("hit_rate", "evicted", "full"))
    return figures[name]


def test_cache_report_hit_rate(notebook, redis, some):
    """cache_report tells the share of the reads that found their key"""
    misses, key = some.number(12, 20), some.word()
    hits = 3 * misses + some.number(0, 9)  # so that no wrong formula comes near another one's number
    redis.set(key, "x")
    redis.config_resetstat()
    for name in [key] * hits + [some.word(12)] * misses:
        redis.get(name)
    expect(report(notebook, "hit_rate"), about(hits / (hits + misses), share=NEAR))
    redis.config_resetstat()
    redis.get(some.word(12))
    expect(report(notebook, "hit_rate"), 0)


def test_cache_report_before_the_first_read(notebook, redis):
    """cache_report has None for the hit rate before the first read"""
    redis.config_resetstat()
    with redis.memory_limit(9_000_000, "noeviction"):  # so that of all figures the reads alone are 0
        expect(report(notebook, "hit_rate"), None)


def test_cache_report_evicted(notebook, redis, some):
    """cache_report tells how many keys Redis has evicted"""
    redis.set(key := some.word(), "x", px=1)
    time.sleep(0.01)
    redis.get(key)  # finds it expired
    with redis.memory_limit(400_000, "volatile-ttl"):
        for number in range(80):
            redis.set(f"page:{number}", "x" * 20_000, ex=30)
    if not (evicted := redis.info("stats")["evicted_keys"]):
        raise Unchecked("The memory of Redis should have run full, and it did not.")
    expect(report(notebook, "evicted"), evicted)


def test_cache_report_full(notebook, redis):
    """cache_report tells the share of the memory limit that is in use, or None if there is no limit"""
    redis.pipeline().setrange("a key", 900_000, "x").strlen("a key").strlen("no key").execute()  # a hit and a miss
    expect(report(notebook, "full"), None)
    redis.delete("a key")  # so that less is in use than there was
    with redis.memory_limit(5_000_000, "noeviction"):
        full, memory = report(notebook, "full"), redis.info("memory")
    expect(full, about(memory["used_memory"] / memory["maxmemory"], share=NEAR))


def test_sell_decides_each_order(notebook, redis, some):
    """sell carries out the orders one after the other, each if enough is left, and returns True or False for each"""
    tea, rice, salt = some.words(3)
    redis.mset({f"stock:{tea}": 12, f"stock:{rice}": 9})
    with notebook.counted() as seen:
        sold = notebook.sell([[tea, 9], [rice, 10], [rice, 9], [tea, 4], [salt, 1], [tea, 3]])
    expect(sold, [True, False, True, False, False, True])
    expect(redis.mget(f"stock:{tea}", f"stock:{rice}"), ["0", "0"])
    expect(notebook.sell([]), [])


@rests_on("test_sell_decides_each_order")
def test_sell_in_one_trip(notebook, redis, some):
    """sell asks Redis once, however many orders there are, and sends the text of a script no more than once"""
    orders = [[word, 1] for word in some.words(30)]
    redis.mset({f"stock:{word}": 5 for word, _ in orders})
    notebook.sell(orders[:1])  # so that Redis knows the script
    with notebook.counted() as seen:
        notebook.sell(orders)
    expect(seen["eval"], wanted("at most 1 EVAL", lambda texts: texts <= 1))
    expect(seen, trips(1))
