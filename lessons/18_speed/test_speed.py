"""Lesson 18: speed, measured: round trips, batches, big keys, and a cache whose memory is bounded."""

import contextlib
import statistics
import time

ONE_BY_ONE = (
    "Each question waits for its answer before the next one goes out. A pipeline sends them together and reads the answers together: fill one in the "
    "loop, and execute it once, after it."
)


def expect_trips(notebook, seen, most, because):
    """In a block of `counted`, Redis was asked at most `most` times."""
    if seen.round_trips > most:
        notebook.expect(
            f"{seen.round_trips} round trips ({seen})", "1 round trip" if most == 1 else f"{most} round trips", because
        )


def cost(redis, figure, action):
    """By how much a figure of INFO grows while `action` runs. Two readings before tell what the reading itself takes."""
    readings = [redis.info("stats")[figure] for _ in range(2)]
    action()
    return redis.info("stats")[figure] - 2 * readings[1] + readings[0]


# measure


def measured(notebook, redis, some, count, seconds, held=1):
    """The answer of measure where `held` GETs are held up for `seconds`; at which place of its list the first must stand; how long all took, in ms."""
    key, number = some.key(), 0
    redis.set(key, some.text())
    with notebook.counted() as seen:
        notebook.measure(key, count, limit=15)
    warm_ups = max(1, seen["get"] - count)  # one was asked for; more are as good
    slow = warm_ups + some.number(2, count - held)

    def act():
        nonlocal number
        number += 1
        if slow <= number < slow + held:
            time.sleep(seconds)

    start = time.monotonic()
    with notebook.rival(act, before="every", times=4 * count):
        answer = notebook.measure(key, count, limit=15)
    took = (time.monotonic() - start) * 1000
    hint = 'A dict should come back: {"times": […], "median": …, "slowest": …}.'
    if not isinstance(answer, dict) or set(answer) != {"times", "median", "slowest"}:
        notebook.expect(answer, "a dict with times, median and slowest", hint)
    times = answer["times"]
    assert isinstance(times, list) and all(isinstance(one, (int, float)) for one in times), (
        f"`times` should be a list of numbers. It is {times!r:.200}"
    )
    if number < count:
        notebook.expect(
            f"{number} packets",
            f"{count} GETs, each on a trip of its own",
            "The GETs went out together, so none of them was timed for itself.",
        )
    return answer, slow - 1 - (number - count), took


def test_measure_times_each_call(notebook, redis, some):
    """measure times each GET for itself, in milliseconds and in the order of the calls"""
    count, held = some.number(8, 11), 100
    answer, place, took = measured(notebook, redis, some, count, held / 1000)
    times = answer["times"]
    notebook.expect(
        len(times),
        count,
        f"Asked for {count} times, as many should come, and no more: the first GET is not among them.",
    )
    slow, shown = times[place], [round(one, 3) for one in times]
    expected = f"at least {held} at place {place + 1}, where that GET was held up; {took:.0f} for all together at most"
    hint = f"GET number {place + 1} was held up for {held} ms, and its time does not show it."
    if len(set(times)) == 1:
        hint = "All times are the same. The time of all, divided by their number, is an average: it hides the slow one. Time each call for itself."
    elif held <= slow * 1000 and slow == max(times) > 3 * statistics.median(times) and sum(times) * 1000 <= took * 1.1:
        hint = "These are seconds. The clock counts seconds; a thousand milliseconds make one."
    elif max(times) < held:
        hint += " process_time counts only the time in which your program computes; it stands still while the program waits. perf_counter counts all the time that passes."
    elif slow < held:
        hint = f"GET number {place + 1} was held up, and its time stands at another place. The list keeps the order of the calls; sort a copy of it."
    if slow < held:
        notebook.expect(shown, expected, hint)
    if sum(times) > took * 1.1:
        notebook.expect(shown, expected, "These times are longer than the whole call took. Milliseconds are wanted.")


def test_measure_leaves_out_the_first(notebook, redis, some):
    """measure makes one GET more before, to warm up, which is not among the times"""
    count, key = some.number(8, 20), some.key()
    redis.set(key, some.text())
    with notebook.counted() as seen:
        notebook.measure(key, count)
    hint = "The first GET is among the times. It also pays for what happens only once, such as opening the connection. Make one before, and leave it out."
    if seen["get"] <= count:
        notebook.expect(f"{seen['get']} GETs", f"{count + 1} GETs for {count} times", hint)


def test_measure_knows_the_median(notebook, redis, some):
    """measure gives the median: the time in the middle, or halfway between the two in the middle"""
    for count in (5, 8):
        answer, *_ = measured(
            notebook, redis, some, count, 0.008, held=count // 2
        )  # so that the two in the middle are far apart
        times, median = answer["times"], answer["median"]
        right = statistics.median(times)
        hint = "Half of the times are shorter than the median, and half are longer. Sort a copy first, or use statistics.median."
        if same(median, statistics.fmean(times)):
            hint = "That is the mean. A single call that was held up moves it far away from what is usual; the median stays."
        elif same(median, statistics.median_high(times)) or same(median, statistics.median_low(times)):
            hint = "With an even number of times two stand in the middle: the median is halfway between them."
        if not same(median, right):
            notebook.expect(median, right, f"{hint} The times were {[round(one, 3) for one in times]}.")


def test_measure_knows_the_slowest(notebook, redis, some):
    """measure gives the slowest time"""
    answer, *_ = measured(notebook, redis, some, some.number(6, 9), 0.01)
    if not same(answer["slowest"], max(answer["times"])):
        shown = [round(one, 3) for one in answer["times"]]
        hint = (
            "It is the last time, not the longest."
            if same(answer["slowest"], answer["times"][-1])
            else "It is not the longest of the times."
        )
        notebook.expect(answer["slowest"], max(answer["times"]), f"{hint} The times were {shown}.")


def same(one, other):
    """Whether two times are the same, but for rounding to hundredths of a millisecond."""
    return isinstance(one, (int, float)) and abs(one - other) < 0.006


# load_products


def products(redis, some, count):
    """Products in Redis: a dict from id to its fields."""
    made = {word: {"name": some.text(), "cents": str(some.number(1, 9999))} for word in some.words(count)}
    for word, fields in made.items():
        redis.hset(f"product:{word}", mapping=fields)
    return made


def test_load_products_loads(notebook, redis, some):
    """load_products returns the products as dicts, in the order asked for"""
    made = products(redis, some, 6)
    asked = some.shuffled(made)
    if asked == sorted(asked):
        asked.reverse()
    asked.append(asked[0])
    answer = notebook.load_products(asked)
    hint = "One dict for each id, with the fields of the hash product:<id>."
    if isinstance(answer, list) and all(isinstance(one, dict) for one in answer):
        found = [one.get("name") for one in answer]
        if len(answer) == len(asked) and sorted(map(str, found)) == sorted(made[one]["name"] for one in asked):
            hint = "They are the right ones, in another order. The answers of a pipeline come in the order of its commands."
        elif len(answer) < len(asked):
            hint = "An id that was asked for twice came once. There is one answer for each question."
    notebook.expect(answer, [made[one] for one in asked], hint)
    notebook.expect(notebook.load_products([]), [], "Without ids there is nothing to load: that is an empty list.")


def test_load_products_keeps_the_place_of_a_missing_one(notebook, redis, some):
    """load_products has None in the place of a product that is not there"""
    made = products(redis, some, 3)
    first, second, third = made
    answer = notebook.load_products([first, some.word(12), second, third])
    expected = [made[first], None, made[second], made[third]]
    hint = "In the place of the missing product should stand None."
    if answer == [one for one in expected if one]:
        hint = "The missing one was left out, so all behind it moved up: who puts ids and products side by side now gets the wrong ones."
    elif answer == [one or {} for one in expected]:
        hint = "HGETALL answers an empty dict where there is no key. Make None of it."
    notebook.expect(answer, expected, hint)


def test_load_products_in_one_trip(notebook, redis, some):
    """load_products asks Redis once, however many products there are"""
    asked = list(products(redis, some, 30))
    notebook.load_products(asked)  # so that Redis knows the script, where there is one
    with notebook.counted() as seen:
        notebook.load_products(asked)
    hint = (
        ONE_BY_ONE
        if seen.round_trips > 2
        else "One trip too many: HGETALL answers an empty dict where there is no product. Nothing has to be asked before."
    )
    if seen["multi"] > 1:
        hint = "Each product has a pipeline of its own, or execute() stands inside the loop. Fill one pipeline in the loop, and execute it once, after it."
    expect_trips(notebook, seen, 1, hint)


# import_stock


def rows_of(some, count):
    """Rows of an import: product and number."""
    return [[word, some.number(1, 900)] for word in some.words(count)]


def test_import_stock_stores_all(notebook, redis, some):
    """import_stock stores every row, also those of a last batch that is not full"""
    size = some.number(15, 20)
    for count in (3 * size, 2 * size + 7, 4, 0):
        redis.flushdb()
        rows = rows_of(some, count)
        notebook.import_stock(rows, size)
        missing = [row for row in rows if redis.get(f"stock:{row[0]}") != str(row[1])]
        hint = f"The number of each row belongs in the key stock:<product>. The batch size was {size}."
        if missing == rows[count - count % size :]:
            hint = f"The rows of the last batch are missing: it was not full (the batch size was {size}), and nobody sent it. Send what is left after the loop."
        elif len(missing) == count:
            hint = "No row is in Redis. A pipeline only collects; execute() sends."
        if missing:
            notebook.expect(
                f"{len(missing)} of {count} rows are missing, row {rows.index(missing[0]) + 1} is the first of them",
                "all are stored",
                hint,
            )


def test_import_stock_in_few_trips(notebook, redis, some):
    """import_stock makes no more trips than the batches need"""
    size = some.number(15, 20)
    rows = rows_of(some, 6 * size + 3)
    notebook.import_stock(rows[:1], size)  # so that Redis knows the script, where there is one
    with notebook.counted() as seen:
        notebook.import_stock(rows, size)
    hint = "The batches are smaller than they may be, or something is asked beside them. Fill each one up to the size, and send it in one go."
    if seen.round_trips > len(rows) / 2:
        hint = "Each row makes a trip of its own. A batch of rows goes together: in one pipeline that is executed once for all of them, or in one MSET."
    if seen.round_trips > 7:
        notebook.expect(
            f"{seen.round_trips} round trips for {len(rows)} rows", f"7 round trips, with {size} rows on each", hint
        )


def test_import_stock_keeps_to_the_size(notebook, redis, some):
    """import_stock never sends more rows at once than the batch size"""
    size = some.number(15, 20)
    rows = rows_of(some, 5 * size + 3)
    stored = []
    with notebook.rival(lambda: stored.append(redis.dbsize()), before="every", times=2 * len(rows)):
        notebook.import_stock(rows, size)
        stored.append(redis.dbsize())
    most = max(after - before for before, after in zip(stored, stored[1:], strict=False))
    if most > size:
        hint = "More rows went out together than a batch may hold."
        if most > len(rows) * 0.8:
            hint = "All rows went out together. With ten million rows your program and Redis hold all of them, and all answers, in memory at once."
        elif most == size + 1:
            hint = "It is one too many: at which moment is the batch full?"
        notebook.expect(f"{most} rows at once", f"at most {size}", hint)


# record_sale


def sale(redis):
    """What is in Redis about the sales of today."""
    return [
        *(int(number or 0) for number in redis.hmget("shop:today", "sales", "turnover")),
        redis.lrange("recent", 0, -1),
    ]


def test_record_sale_counts(notebook, redis, some):
    """record_sale counts the sale, adds the turnover, keeps the 5 newest products, and returns both numbers"""
    sales, turnover, sold = some.number(10, 90), some.number(1000, 9000), some.words(7)
    redis.hset("shop:today", mapping={"sales": sales, "turnover": turnover})
    for number, product in enumerate(sold, 1):
        cents = some.number(100, 999)
        turnover += cents
        answer = notebook.record_sale(product, cents)
        notebook.expect(redis.type("shop:today"), "hash", "The two numbers are fields of the hash shop:today.")
        hint = "What comes back are the two new numbers, as in [sales, turnover]. execute() returns the answers of all commands, in their order."
        notebook.expect(
            sale(redis)[:2], [sales + number, turnover], "`sales` grows by 1 with each sale, `turnover` by its cents."
        )
        notebook.expect(answer, [sales + number, turnover], hint)
        if number == 6:
            continue  # one too many or all of them: the seventh will tell
        newest = sold[:number][::-1][:5]
        hint = "The list recent has the newest product first, and never more than 5."
        if sale(redis)[2] == sold[:number][::-1]:
            hint = "The list grows for ever. LTRIM keeps its beginning: 0 to 4 are five."
        notebook.expect(sale(redis)[2], newest, hint)


def test_record_sale_in_one_trip(notebook, some):
    """record_sale asks Redis once for all of it"""
    with notebook.counted() as seen:
        notebook.record_sale(some.word(), some.number())
    if seen.round_trips > 1 + sum(line.upper().startswith("EVALSHA") for line in seen.sent[1:]):
        hint = "Each step makes a trip of its own. Commands that do not need each other's answers go together."
        if seen["multi"] or seen["eval"]:
            hint = "There is one trip too many. execute() returns the answer of each command, and HINCRBY answers the new number: no need to ask for it."
        notebook.expect(f"{seen.round_trips} round trips ({seen})", "1 round trip", hint)


def test_record_sale_in_one_step(notebook, redis, some):
    """record_sale is one step: nobody sees half of it, and no sale is lost"""
    looks, (mine, theirs), cents = [], some.words(2), some.number(100, 999)

    def act():
        looks.append(sale(redis))
        pipe = redis.pipeline(transaction=True)
        pipe.hincrby("shop:today", "sales", 1).hincrby("shop:today", "turnover", 1).lpush("recent", theirs).execute()

    with notebook.rival(act, before="every", times=3):
        notebook.record_sale(mine, cents)
        sales, turnover, recent = sale(redis)
    for look in looks:
        has = [look[0] > look[2].count(theirs), look[1] >= cents, mine in look[2]]
        assert len(set(has)) == 1, (
            f"Someone looked in the middle and saw half a sale: {look}. MULTI and EXEC make one step of several commands."
        )
    expected = [len(looks) + 1, len(looks) + cents]
    hint = "Between reading and writing, someone else sold something, and that was lost. HINCRBY reads, adds and writes in one step."
    notebook.expect([sales, turnover], expected, hint)
    with notebook.counted() as seen:
        notebook.record_sale(mine, cents)
    one_step = {"exec", "eval", "evalsha", "fcall"} & set(seen.commands)
    hint = "The commands went together, and still each is a step of its own: another client's command may come between two of them. MULTI and EXEC, or a script, make one step."
    if not one_step:
        notebook.expect(str(seen), "MULTI … EXEC, or a script", hint)


# feed_page


def feed(redis, some, count):
    """A feed in Redis: its name and its entries."""
    name, entries = some.word(), [f"{number} {some.word()}" for number in range(1, count + 1)]
    redis.rpush(f"feed:{name}", *entries)
    return name, entries


def page(notebook, *args):
    """The answer of feed_page, as its two parts."""
    answer = notebook.feed_page(*args)
    assert isinstance(answer, list) and len(answer) == 2, (
        f"Two things should come back, the entries and the number of pages. What came is {answer!r:.200}"
    )
    return answer


def test_feed_page_has_the_entries(notebook, redis, some):
    """feed_page returns the entries of the page: page 1 is the first, the last may be short, beyond it is none"""
    size = some.number(5, 9)
    name, entries = feed(redis, some, 3 * size + 2)
    for number in (1, 2, 4, 6):
        found = page(notebook, name, number, size)[0]
        right = entries[(number - 1) * size : number * size]
        hint = f"Page {number} of {size} entries a page, as a list."
        if isinstance(found, list) and len(found) == size + 1 and found[:size] == right:
            hint = "It is one too many. LRANGE takes the first and the last place, and both belong to it."
        elif found == entries[number * size : (number + 1) * size] and found != right:
            hint = "It is the page after. Pages are counted from 1, the places of a list from 0."
        notebook.expect(found, right, hint)


def test_feed_page_counts_the_pages(notebook, redis, some):
    """feed_page returns the number of pages, a last short one included"""
    size = some.number(5, 9)
    for count in (3 * size, 3 * size + 1, 1):
        name, _ = feed(redis, some, count)
        pages = page(notebook, name, 1, size)[1]
        hint = f"{count} entries make {-(-count // size)} pages of {size}."
        if pages == count // size:
            hint += " The last page, which is not full, was not counted."
        elif pages == count // size + 1:
            hint += (
                " Where the last page is full, none follows: always adding 1 counts one too many. Round up instead."
            )
        elif pages == count:
            hint += " This is the number of entries."
        notebook.expect(pages, -(-count // size), hint)
    notebook.expect(
        page(notebook, some.word(), 1, size), [[], 0], "A feed that is not there has no entries and 0 pages."
    )


def test_feed_page_reads_no_more(notebook, redis, some):
    """feed_page has Redis send only the entries of the page"""
    name, entries = feed(redis, some, 4000)
    sent = cost(redis, "total_net_output_bytes", lambda: notebook.feed_page(name, 3, 10))
    whole = sum(map(len, entries))
    if sent > whole / 4:
        hint = "The whole list travelled, for ten entries of it. Its time grows with the list. LRANGE takes the places that you want, and LLEN counts without reading."
        notebook.expect(f"{sent} bytes from Redis", f"far less than the {whole} bytes of the whole list", hint)


# biggest_keys


def test_biggest_keys_finds_them(notebook, redis, some):
    """biggest_keys returns the largest keys with their bytes, the largest first"""
    prefix = some.word(4)
    small = {f"{prefix}:small:{word}": some.word(some.number(8, 300)) for word in some.words(200)}
    redis.mset(small)
    least = min(redis.memory_usage(key) for key in small)
    redis.set(f"{prefix}:page", "x" * 50_000)
    redis.rpush(f"{prefix}:list", *(some.word(20) for _ in range(1000)))
    redis.sadd(f"{prefix}:numbers", *range(400))
    expected = [[key, redis.memory_usage(key)] for key in (f"{prefix}:page", f"{prefix}:list", f"{prefix}:numbers")]
    expected.sort(key=lambda pair: -pair[1])
    answer = notebook.biggest_keys(3)
    assert isinstance(answer, list) and all(isinstance(pair, list) and len(pair) == 2 for pair in answer), (
        f"A list of pairs should come back, key and bytes. What came is {answer!r:.200}"
    )
    hint = (
        "What counts are the bytes that a key takes in memory, as MEMORY USAGE tells them, of all keys that there are."
    )
    keys = [pair[0] for pair in answer]
    if len(answer) == 3 and answer[0][1] == least:
        hint = "These are the smallest. The largest comes first."
    elif len(answer) != 3 or any(":small:" in str(key) for key in keys):
        hint = "Large keys are missing. One SCAN shows only a part of the keys: go on with the cursor that it answers, until that is 0."
    elif set(keys) == {pair[0] for pair in expected}:
        hint = "These are the right keys in another order. The largest in bytes comes first; a key with many members may be smaller than one long text."
    notebook.expect(keys, [pair[0] for pair in expected], hint)
    for found, right in zip(answer, expected, strict=True):
        if not isinstance(found[1], int) or abs(found[1] - right[1]) > right[1] / 5:
            notebook.expect(answer, expected, "The number beside each key is what MEMORY USAGE says of it, in bytes.")


def test_biggest_keys_never_blocks(notebook, redis, some):
    """biggest_keys walks with SCAN and never asks for KEYS"""
    redis.mset({word: word for word in some.words(50)})
    with notebook.counted() as seen:
        notebook.biggest_keys(3)
    hint = "KEYS walks through all keys in one go, and everyone else waits for that long: the search for what is slow becomes what is slow. SCAN goes page by page."
    notebook.expect(seen["keys"], 0, hint)


def test_biggest_keys_asks_for_many_at_once(notebook, redis, some):
    """biggest_keys asks for the sizes of many keys on one trip"""
    redis.mset({word: word for word in some.words(400)})
    reads = cost(redis, "total_reads_processed", lambda: notebook.biggest_keys(3))
    if reads > 200:
        hint = "Each key makes a trip of its own. SCAN brings a page of keys; a pipeline asks for the sizes of all of them on one trip."
        notebook.expect(f"Redis read {reads} times from its connections, for 400 keys", "fewer than 200 times", hint)


# forget


def test_forget_takes_them_out(notebook, redis, some):
    """forget takes out these keys, no others, and returns how many there were"""
    gone, stays, missing = some.words(4), some.word(9), some.words(2, 10)
    for key in (*gone, stays):
        redis.rpush(key, *some.words(3))
    answer = notebook.forget(some.shuffled([*gone, *missing]))
    notebook.expect(redis.exists(*gone), 0, "These keys were to go, and some are still there.")
    notebook.expect(redis.exists(stays), 1, f"The key {stays} was not to go, and it is gone.")
    hint = (
        "Of 6 keys asked for, 4 were there. What comes back is how many really were taken out; UNLINK itself tells it."
    )
    notebook.expect(answer, len(gone), hint)
    notebook.expect(notebook.forget([]), 0, "Without keys nothing is taken out: that is 0.")


def test_forget_in_one_trip(notebook, redis, some):
    """forget asks Redis once, however many keys there are"""
    keys = some.words(30)
    redis.mset({key: key for key in keys})
    notebook.forget(some.words(2, 12))  # so that Redis knows the script, where there is one
    with notebook.counted() as seen:
        notebook.forget(keys)
    hint = "Each key makes a trip of its own. The command takes many keys at once."
    if seen.round_trips == 2:
        hint = "One trip too many: UNLINK's own answer is how many of the keys were there. Nothing has to be counted before."
    expect_trips(notebook, seen, 1, hint)


def test_forget_makes_nobody_wait(notebook, redis, some):
    """forget leaves the freeing of the memory to a thread in the background"""
    key = some.word()
    redis.rpush(key, *some.words(20))
    with notebook.counted() as seen:
        notebook.forget([key])
    hint = "Redis was not told to free the memory in the background. UNLINK takes the key out at once and does that."
    if seen["del"]:
        hint = "DEL takes the key out and frees its memory in the same step, and everyone waits for that: some tenths of a second for a million members. UNLINK frees it in the background."
    if seen["del"] or not seen["unlink"]:
        notebook.expect(str(seen), "UNLINK", hint)


# cache_report


@contextlib.contextmanager
def memory_limit(redis, more, policy):
    """Redis may use `more` bytes above what it uses now, and frees memory by this policy. All is as before after the block."""
    before = redis.config_get("maxmemory") | redis.config_get("maxmemory-policy")
    try:
        redis.config_set("maxmemory-policy", policy)
        redis.config_set("maxmemory", redis.info("memory")["used_memory"] + more)
        yield
    finally:
        for name, value in before.items():
            redis.config_set(name, value)


def report(notebook, name):
    """One figure of cache_report's answer."""
    answer = notebook.cache_report()
    assert isinstance(answer, dict) and set(answer) == {"hit_rate", "evicted", "full"}, (
        f'A dict should come back: {{"hit_rate": …, "evicted": …, "full": …}}. What came is {answer!r:.200}'
    )
    return answer[name]


def near(found, right):
    """Whether a share is the right one, but for some per cent: what the clients' buffers take goes up and down."""
    return isinstance(found, (int, float)) and not isinstance(found, bool) and abs(found - right) <= right * 0.08


def test_cache_report_hit_rate(notebook, redis, some):
    """cache_report tells the share of the reads that found their key"""
    misses, key = some.number(12, 20), some.word()
    hits = 3 * misses + some.number(0, 9)  # so that no wrong formula comes near another one's number
    redis.set(key, "x")
    redis.config_resetstat()
    for name in [key] * hits + [some.word(12)] * misses:
        redis.get(name)
    found, right = report(notebook, "hit_rate"), hits / (hits + misses)
    hint = f"{hits} reads found their key and {misses} did not: that is {hits} of {hits + misses}."
    if near(found, misses / (hits + misses)):
        hint += " This is the share of the misses."
    elif near(found, hits / misses):
        hint += " This is hits divided by misses, which is no share: it can be more than 1."
    elif near(found, (hits + misses) / hits):
        hint += " The ratio is upside down."
    elif near(found, right * 100):
        hint += " These are per cent. A share lies between 0 and 1."
    if not near(found, right):
        notebook.expect(found, right, hint)


def test_cache_report_before_the_first_read(notebook, redis):
    """cache_report has None for the hit rate before the first read"""
    redis.config_resetstat()
    hint = "Nothing was read yet, so there is no hit rate: None. A rate of 0 would say that every read failed."
    notebook.expect(report(notebook, "hit_rate"), None, hint)


def test_cache_report_evicted(notebook, redis, some):
    """cache_report tells how many keys Redis has evicted"""
    redis.set(key := some.word(), "x", px=1)
    time.sleep(0.01)
    redis.get(key)  # finds it expired
    with memory_limit(redis, 400_000, "volatile-ttl"):
        for number in range(80):
            redis.set(f"page:{number}", "x" * 20_000, ex=30)
    evicted = redis.info("stats")["evicted_keys"]
    assert evicted, "The memory was to run full, and it did not."
    hint = "Redis counts the keys that it had to throw out for want of memory, since its start or CONFIG RESETSTAT: evicted_keys, in INFO stats."
    found = report(notebook, "evicted")
    if found == redis.info("stats")["expired_keys"]:
        hint = "This is the number of keys that expired: their time was over. Evicted keys had time left, but Redis had no memory left for them."
    notebook.expect(found, evicted, hint)


def test_cache_report_full(notebook, redis):
    """cache_report tells the share of the memory limit that is in use, or None where there is no limit"""
    redis.get("a key")  # so that there is a hit rate to tell
    hint = "maxmemory is 0: there is no limit, so nothing can be said of how full it is. That is None."
    notebook.expect(report(notebook, "full"), None, hint)
    with memory_limit(redis, 3_000_000, "noeviction"):
        found, memory = report(notebook, "full"), redis.info("memory")
    right = memory["used_memory"] / memory["maxmemory"]
    hint = "used_memory divided by maxmemory, both in INFO memory."
    if near(found, 1 / right):
        hint = "The ratio is upside down. What is used, divided by what may be used, lies between 0 and 1."
    elif near(found, 1 - right):
        hint = "This is the share that is free."
    elif near(found, right * 100):
        hint = "These are per cent. A share lies between 0 and 1."
    if not near(found, right):
        notebook.expect(found, right, hint)
