"""Lesson 17: one Redis as cache, limiter, live feed and queue, and what becomes of the work when something dies."""

import json
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from workshop.grader import Backend, Queue, Some, Unchecked, audience, beside, expect, listen, rests_on, until, wanted

TTL, LIMIT, WINDOW, LEASE = 1, 5, 3, 1  # the settings that the services are given: seconds, news, seconds, seconds
SETTINGS = {"RATE_LIMIT": f"{LIMIT}", "RATE_WINDOW": f"{WINDOW}", "FEED_HEARTBEAT": "0.3", "JOB_LEASE": f"{LEASE}"}
ORDERS, FAILED, NEWS = "shop:orders", "shop:orders:failed", "shop:news"
CROWD, FLOOD, TRIES, ANSWER = 50, 20_000, 3, 0.3  # ANSWER: seconds that the warehouse takes
PATIENCE, SOON, LONG = 3, 20, 20  # seconds: for a 503, for what comes at once, for what others hold up
HIT, UPDATE, DONE = "test_a_hit_costs_no_call", "test_an_update_is_seen_at_once", "test_an_order_is_done"


@pytest.fixture(scope="module")
@beside()
def warehouse(bench):
    return Backend(bench.start, bench.lesson.folder / "warehouse.py", 5001, {"WAREHOUSE_SECONDS": f"{ANSWER}"})


def up(bench, warehouse, **env):  # it may take a while on a busy machine
    env = SETTINGS | {"WAREHOUSE_URL": warehouse.url} | env
    return bench.start(env=env, wait=False).wait_until_up(limit=2 * SOON, hang=SOON)


@pytest.fixture(scope="module")
def shop(bench, redis, relay, warehouse):  # the warehouse comes up beside the others
    return up(bench, warehouse)


@pytest.fixture(scope="module")
@beside()
def replica(bench, shop, warehouse):
    return up(bench, warehouse)


@pytest.fixture(scope="module")
@beside()
def brief(bench, relay, replica, warehouse):  # keeps prices for a short time, and has the relay before its Redis
    return up(bench, warehouse, CACHE_TTL=f"{TTL}", REDIS_URL=relay.url)


def stocked(warehouse, some):
    """An item that the warehouse has: its address, what is to be answered, and what once its price is another one."""
    told = {"item": some.word(), "price": some.number(100, 9999)}
    path = f"/prices/{told['item']}"
    warehouse.put(path, price=told["price"])
    return path, told, told | {"price": told["price"] + 1}


def test_a_price_is_the_warehouses(shop, warehouse, some):
    """`GET /prices/<item>` answers the item and its price as the warehouse has it, 404 with a JSON object if there is no such item"""
    path, told, _ = stocked(warehouse, some)
    shop.get(path).expect(200, json=told)
    shop.get(f"/prices/{some.word(12)}").expect(404, json=dict)


def test_a_hit_costs_no_call(shop, replica, warehouse, some):
    """The first request for a price costs one call to the warehouse, the next ones none, at any replica"""
    path, told, _ = stocked(warehouse, some)
    for service in (shop, shop, replica, shop):
        service.get(path).expect(200, json=told)
    expect(warehouse.asked(f"GET {path}"), "asked 1 time")


@rests_on(HIT)
def test_a_stampede_costs_one_call(shop, replica, warehouse, some):
    """If 50 clients at two replicas find nothing in the cache at the same time, that costs one call, and each gets the price"""
    path, told, _ = stocked(warehouse, some)
    with ThreadPoolExecutor(CROWD) as crowd:
        answers = list(crowd.map(lambda n: (shop, replica)[n % 2].get(path, limit=LONG), range(CROWD)))
    for answer in answers:
        answer.expect(200, json=told)
    expect(warehouse.asked(f"GET {path}"), "asked 1 time")


def test_a_failed_load_is_not_kept(shop, warehouse, some):
    """While the warehouse fails, a price that is not in the cache answers 503 with a JSON object; the next request asks the warehouse again"""
    path, told, _ = stocked(warehouse, some)
    warehouse.plan(f"GET {path}", status=500)
    shop.get(path).expect(503, json=dict)
    warehouse.plan(f"GET {path}")
    shop.get(path).expect(200, json=told)


@rests_on(HIT)
def test_a_kept_price_ends(brief, warehouse, some):
    """A price is kept for `CACHE_TTL` seconds, however often it is asked for"""
    path, told, changed = stocked(warehouse, some)
    began = time.monotonic()
    brief.get(path).expect(200, json=told)
    warehouse.put(path, price=changed["price"])
    until(lambda: brief.get(path), TTL + 4, 0.1, enough=lambda answer: answer.json != told).expect(200, json=changed)
    expect(time.monotonic() - began, wanted(f"a price kept for {TTL} s", lambda seconds: seconds > 0.9 * TTL))


@rests_on(HIT)
def test_an_update_is_seen_at_once(shop, replica, warehouse, some):
    """`PUT /prices/<item>` changes the price in the warehouse, and every replica answers the new one at once"""
    path, told, changed = stocked(warehouse, some)
    for service in (shop, replica):
        service.get(path).expect(200, json=told)
    shop.request("PUT", path, json={"price": changed["price"]}).expect(200)
    for service in (replica, shop):
        service.get(path).expect(200, json=changed)
    expect(warehouse.get(path), changed)


@rests_on(UPDATE)
def test_an_update_beats_a_load(shop, replica, warehouse, some, drill):
    """This also holds if one of the two is slow: an update while a price is being loaded, a load during an update"""
    for slow in ("GET", "PUT"):
        path, told, changed = stocked(warehouse, some)
        update = {"json": {"price": changed["price"]}, "limit": LONG}
        asks = {"GET": lambda: shop.get(path, limit=LONG), "PUT": lambda: replica.request("PUT", path, **update)}
        drill.note("warehouse", f"answers the {slow} slowly")
        for answer in warehouse.meanwhile(f"{slow} {path}", asks.pop(slow), *asks.values()):
            drill.note(f"client {answer.method}", f"has {answer}")
            answer.expect(200)
        for service in (shop, replica):
            service.get(path, limit=LONG).expect(200, json=changed)


def news_of(some):
    return {"author": some.word(), "text": some.spicy()}


@pytest.fixture(scope="module")
@beside()
def listeners(shop, replica, redis):
    return listen(redis, NEWS, "/feed", shop, replica)


def test_news_reach_who_listens(shop, redis, listeners, some):
    """`GET /feed` streams events: news reaches all who listen at that moment, at any replica, also after a silence; whoever comes later misses it"""
    until(lambda: min(listener.silent for listener in listeners) > 1.5, SOON)
    all_news = early, news, last = [news_of(some) for _ in range(3)]
    shop.post("/news", json=early).expect(200)
    late = listen(redis, NEWS, "/feed", shop)[0]
    shop.post("/news", json=news).expect(200)
    redis.publish(NEWS, json.dumps(last))  # as another program would
    for listener in (*listeners, late):
        until(lambda: last in listener.heard or listener.has_ended, 5)
        expect(listener.heard, all_news[listener is late :], asked=listener.asked)
    expect(late.media, "text/event-stream", asked=late.asked)
    late.close()


@rests_on("test_news_reach_who_listens")
def test_who_has_left_is_unsubscribed(shop, redis, listeners):
    """The feed notices within seconds that a listener has left, and ends its subscription"""
    for listener in listen(redis, NEWS, "/feed", *[shop] * 3):
        listener.close()
    left = until(lambda: audience(redis, NEWS), 5, 0.1, enough=lambda count: count <= len(listeners))
    expect(left, wanted(f"at most {len(listeners)}", lambda count: count <= len(listeners)))


def in_a_window(begin, end):
    """Waits for a part of the windows that begin by the clock, so that a limiter with those fails always at the same place."""
    until(lambda: begin < time.time() / WINDOW % 1 < end, WINDOW, 0.02)


def test_the_limiter_closes(shop, replica, some):
    """An author may publish `RATE_LIMIT` news items in `RATE_WINDOW` seconds, at all replicas together; the next one is answered 429 with `Retry-After`"""
    in_a_window(0, 0.6)
    news, began = news_of(some), time.monotonic()
    for number in range(LIMIT):
        (shop, replica)[number % 2].post("/news", json=news).expect(200)
    refused = [service.post("/news", json=news) for service in (replica, shop)]
    if time.monotonic() - began > 0.9 * WINDOW:
        raise Unchecked("This machine is too busy: the window was over before it was full. Check again.")
    for answer in refused:
        answer.expect(429)
    whole = wanted(f"whole seconds, 1 to {WINDOW}", lambda seconds: seconds in map(str, range(1, WINDOW + 1)))
    expect(refused[0].headers.get("retry-after"), whole)
    shop.post("/news", json=news_of(some)).expect(200)


@rests_on("test_the_limiter_closes")
def test_the_last_place_is_given_once(shop, brief, relay, some):
    """If two requests come at once for the last place in a window, one of them is let in"""
    news, rivals = news_of(some), []
    in_a_window(0, 0.7)
    for _ in range(LIMIT - 1):
        shop.post("/news", json=news).expect(200)
    with relay.rival(lambda: rivals.append(shop.post("/news", json=news))):
        mine = brief.post("/news", json=news)
    expect(sorted(answer.status or 0 for answer in (mine, *rivals)), [200, 429])


@pytest.fixture(scope="module")
@beside()
def main(bench, redis, warehouse):
    """The queue into which the service puts its orders; it has its first worker once an order is to be done."""
    bench.require("worker.py")
    settings = SETTINGS | {"WAREHOUSE_URL": warehouse.url}
    start = lambda env: bench.start(command=("python", "worker.py"), env=settings | env, wait=False)
    return Queue(redis, start, warehouse, Some(bench.seed, "queue"))


@pytest.fixture(scope="module")
@beside()
def pair(bench, main):  # a queue with two workers: one comes before any order, and one when a check needs both
    return main.early(3, Some(bench.seed, "pair"))


@beside()
def test_an_order_waits_in_the_stream(shop, redis, main):
    """`POST /orders` answers 202 and the order is in the stream `shop:orders`; all that wait stay there, even 20,000 of them"""
    order = main.order(by=shop)[0]
    expect(main.entries(ORDERS), [order])
    redis.eval("for n = 1, ARGV[1] do redis.call('XADD', KEYS[1], '*', 'id', n) end", 1, ORDERS, FLOOD)
    main.order(by=shop)
    length = redis.xlen(ORDERS)
    redis.xtrim(ORDERS, maxlen=0, approximate=False)
    expect(length, FLOOD + 2)


@beside(after="test_an_order_waits_in_the_stream")
def test_an_order_is_done(shop, warehouse, main, pair):
    """A worker waits for orders, packs each, and adds its count to the item's in the hash `shop:sold`; what is done leaves the stream, which does not grow for ever"""
    order, call = main.order(by=shop)
    expect(main.sold(order), order["count"])
    expect(warehouse.asked(call), "asked 1 time")
    expect(until(main.left, 2, enough=lambda left: not any(left.values())), {"in the stream": 0, "pending": 0})
    more, _ = main.order(by=shop, after=order)
    main.wait_for_all()
    expect(main.sold(order), order["count"] + more["count"])
    first, _ = pair.order()
    expect(pair.sold(first), first["count"])


@rests_on(DONE)
@beside()
def test_an_order_sent_twice_counts_once(shop, main):
    """An order that is sent twice with the same id counts once, even a minute later"""
    order, _ = main.order(by=shop)
    expect(main.sold(order), order["count"])
    expect(main.remembers(order), wanted("60 s or more", lambda seconds: seconds > 55))
    shop.post("/orders", json=order).expect(202)
    last, _ = main.order(by=shop)
    expect(main.sold(last), last["count"])
    expect(main.sold(order), order["count"])


@rests_on("test_the_limiter_closes")
@beside()
def test_the_limiter_reopens_on_time(shop, some, drill):
    """The window begins with an author's first news item and ends `RATE_WINDOW` seconds later; refused requests do not prolong it"""
    in_a_window(0.5, 0.7)
    news, began = news_of(some), time.monotonic()
    for _ in range(LIMIT):
        shop.post("/news", json=news).expect(200)
    full = refused_at = time.monotonic()
    drill.note("author", f"has published {LIMIT} news items")
    while (asked := time.monotonic()) - full < WINDOW + 2 and (answer := shop.post("/news", json=news)).status == 429:
        refused_at = asked
        until(lambda: time.monotonic() > asked + 0.15, 1)
    open_after, late = time.monotonic() - began, refused_at - full
    drill.note("author", f"is answered {answer.status}")
    answer.expect(200)
    expect(open_after, wanted(f"an open limiter after {WINDOW} s", lambda seconds: seconds > 0.95 * WINDOW))
    expect(late, wanted(f"no refusal after {WINDOW} s", lambda seconds: seconds < WINDOW + 1))


@rests_on(DONE)
@beside()
def test_a_killed_worker_loses_no_order(warehouse, main, some, drill):
    """A worker is killed in the middle of an order: after `JOB_LEASE` seconds another one does it"""
    queue = main.elsewhere(1, some, drill.note)
    order, call, worker = queue.at_work()
    queue.signal(worker, "KILL")
    warehouse.plan(call)
    queue.hire()
    expect(queue.sold(order, LEASE + SOON), order["count"])


@rests_on(DONE)
@beside(after="test_the_last_place_is_given_once")
def test_a_worker_killed_after_its_first_word(warehouse, relay, main, some, drill):
    """A worker is killed right after its first write for an order that it has packed: the order counts once"""
    queue = main.elsewhere(2, some, drill.note)
    order, call, worker = queue.at_work(queue.redis.through(relay.url))
    with relay.rival(lambda: worker.signal("KILL")):
        warehouse.plan(call)
        until(lambda: not worker.is_running(), SOON)
    drill.note("worker 1", "killed by SIGKILL after its first command")
    queue.hire()
    until(queue.left, LEASE + SOON, 0.1, enough=lambda left: not left["pending"])
    expect(queue.sold(order, most=0.5), order["count"])


@rests_on(DONE)
@beside()
def test_a_worker_that_wakes_up_late(warehouse, pair, drill):
    """A worker freezes in the middle of an order, another one does it, the first one wakes up and goes on: the order counts once"""
    pair.note = drill.note
    order, call, worker = pair.at_work()
    pair.signal(worker, "STOP")
    pair.hire()
    expect(pair.sold(order, LEASE + SOON), order["count"])
    warehouse.plan(call)
    pair.signal(worker, "CONT")
    pair.wait_for_all()
    expect(pair.sold(order), order["count"])


@rests_on("test_a_worker_that_wakes_up_late")
@beside()
def test_an_order_at_work_is_left_alone(warehouse, pair):
    """An order that a worker took less than `JOB_LEASE` seconds ago is not given to another one"""
    pair.staff(2)
    order, call = pair.order(hold=1)
    until(lambda: len(warehouse.times(call)) > 1, 0.8 * LEASE)
    warehouse.plan(call)
    expect(pair.sold(order), order["count"])
    gaps = [at - warehouse.times(call)[0] for at in warehouse.times(call)[1:]]
    expect(gaps, wanted("no call of another worker", lambda gaps: min(gaps, default=LEASE) > 0.7 * LEASE))


@rests_on(DONE)
@beside(after="test_an_order_sent_twice_counts_once")
def test_a_poison_order_is_set_aside(warehouse, main, drill):
    """An order that fails is tried three times, then moved to the stream `shop:orders:failed`; the others go on"""
    main.note = drill.note
    (poison, call), (good, _) = main.order(status=500), main.order()
    expect(main.sold(good, LEASE + SOON), good["count"])
    main.tried(call, TRIES + 2, LEASE + 4)
    expect(main.entries(FAILED), [poison])
    expect(warehouse.asked(call), f"asked {TRIES} times")
    expect(until(main.left, 2, enough=lambda left: not left["pending"])["pending"], 0)


@rests_on("test_an_order_waits_in_the_stream")
def test_a_broken_redis_is_503(shop, redis, some, drill):
    """While Redis is full, hangs or is stopped, orders and news are answered 503 with a JSON object within 3 s, and no order 202"""
    order, news = {"id": some.word(12), "item": some.word(), "count": 1}, news_of(some)
    ways = {"full": redis.memory_limit(-100_000, "noeviction"), "hangs": redis.paused(), "stopped": redis.stopped()}
    for way, broken in ways.items():
        with broken:
            for path, sent in (("/orders", order), ("/news", news)):
                answer = shop.post(path, json=sent, limit=PATIENCE)
                drill.note(f"redis {way}", f"POST {path} has {answer.status or 'no answer'}, {answer.seconds:.1f} s")
                answer.expect(503, json=dict)
    again = until(lambda: shop.post("/orders", json=order), SOON, 0.1, enough=lambda answer: answer.status == 202)
    drill.note("redis is back", f"POST /orders has {again.expect(202).status}")
