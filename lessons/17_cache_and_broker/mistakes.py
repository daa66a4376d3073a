"""What goes wrong in lesson 17. Looked through after a check has failed, from the top; the first that holds is the hint."""

import re
import time

from workshop.grader import audience, keys_with, mistake, said

PRICES = ("test_a_price_is_the_warehouses", "test_a_hit_costs_no_call", "test_an_update_is_seen_at_once")


def naming(redis, word):
    """The keys in Redis that have a word in their name."""
    return [key for key in redis.keys("*") if word in key]


def ends(redis, word):
    """The times to live of these keys in seconds, with three decimals; -1 is none."""
    left = [redis.pttl(key) for key in naming(redis, word)]
    return [one if one < 0 else one / 1000 for one in left]


def price_ends(redis, told):
    """The times to live of what holds a price: keys that name its item, and fields of hashes that do. -1 is none."""
    price, item = re.compile(rf"\b{told['price']}\b"), told["item"]
    texts = [key for key in naming(redis, item) if redis.type(key) == "string"]
    found = [redis.ttl(key) for key in texts if price.search(redis.get(key) or "")]
    for key in [key for key in redis.keys("*") if redis.type(key) == "hash"]:
        if price.search(redis.hget(key, item) or ""):
            fields = redis.httl(key, item) if "httl" in redis.command_list() else []
            found.append(max(redis.ttl(key), *fields))
    return found


def waits(queue):
    """What XPENDING says of the entry of a queue that is pending, None if none is."""
    pending = queue.redis.xpending_range(queue.orders, queue.group, "-", "+", 1)
    return pending[0] if pending else None


def lists_with(redis, word):
    """The streams and lists that have a word in them."""
    return [key for key in keys_with(redis, word) if redis.type(key) in ("stream", "list")]


# Redis


@mistake()
def client_of_its_own(answer, expected, redis, inside):
    """Redis is up, and the service answered {status}. `{line}` in app.py makes a client of its own, and app.py does not look at REDIS_URL, which says where
    Redis is. Take `store` from shop.py: that does."""
    text = inside.text("app.py") or ""
    own = re.search(r"(?m)^.*\bRedis\(.*$", text)
    is_so = own and not re.search(r"REDIS_URL|\bimport\b.*\bstore\b|\bshop\.store\b|\bimport \*", text)
    failed = answer.status in (500, 503) and str(expected).startswith("20")
    return is_so and failed and redis.ping() and {"status": answer.status, "line": own[0].strip()}


@mistake("test_a_price_is_the_warehouses", "test_a_failed_load_is_not_kept", "test_a_broken_redis_is_503")
def error_without_json(answer, expected):
    """The status {status} is right, and its body is no JSON object: {body}. Return a dict with it: {"error": "…"}, {status}. Flask makes JSON of that."""
    is_so = (
        str(expected).startswith(f"{answer.status} with JSON")
        and not isinstance(answer.json, dict)
        and answer.status in (404, 503)
    )
    return is_so and {"status": answer.status, "body": repr(answer.text[:40])}


# The cache


@mistake(*PRICES, "test_a_failed_load_is_not_kept")
def one_key_for_all_items(answer, redis):
    """Redis has the key {key}: all items share it. Is there an f before the quotes? In an f-string, doubled braces stand for the braces themselves;
    a single pair puts in the value."""
    keys = [key for key in naming(redis, "{") if re.search(r"\{(item|name|key)\}", key)]
    return answer.status in (200, 404) and keys and {"key": keys[0]}


@mistake("test_a_price_is_the_warehouses")
def none_goes_into_the_cache(answer, expected, log):
    """There is no such item, so ask_warehouse returned None, and redis-py cannot store that. Answer 404 before anything is
    kept."""
    return answer.status == 500 and str(expected).startswith("404") and said(r"DataError: .*NoneType", log)


@mistake("test_a_price_is_the_warehouses")
def miss_is_not_tested(answer, expected, log):
    """The warehouse has this item, nobody has asked for it before, and the view broke on None: {error}. `store.get` returns
    None if there is no such key, which is a miss. Test for it before you make a number or JSON of it."""
    converts = r"TypeError: (?P<error>(?:int|float|the JSON object).*NoneType)"
    return answer.status == 500 and str(expected).startswith("200") and said(converts, log)


@mistake("test_a_price_is_the_warehouses")
def none_has_no_price(answer, expected, log):
    """There is no such item, so ask_warehouse returned None, and the view went on with it as if it were a dict. Test
    `if answer is None`, and answer 404."""
    return answer.status == 500 and str(expected).startswith("404") and said(r"TypeError: .*NoneType", log)


@mistake(*PRICES)
def price_is_a_text(answer, told):
    """The price came as the text {price}: Redis keeps texts, so what it returns is one. Make a number of it: int(…)."""
    price = answer.json.get("price") if isinstance(answer.json, dict) else None
    return isinstance(price, str) and {"price": f'"{price}"'}


@mistake("test_a_hit_costs_no_call")
def kept_in_the_process(actual, redis, told):
    """Each replica asked the warehouse once, and nothing in Redis names the item: so each keeps prices in its own memory. What
    one has loaded, the others load again. Keep them in Redis."""
    return actual == "asked 2 times" and not keys_with(redis, told["item"])


@mistake("test_a_hit_costs_no_call")
def nothing_is_kept(actual, redis, told):
    """Each look asked the warehouse, and nothing in Redis names the item: nothing is kept. Store what the warehouse answers,
    for CACHE_TTL seconds: store.set(key, price, px=…)."""
    return actual == "asked 4 times" and not keys_with(redis, told["item"])


@mistake("test_a_hit_costs_no_call")
def kept_and_not_looked_at(actual, redis, told):
    """Redis has the item, in {key}, and yet each look asked the warehouse. Look into Redis first, under the same key."""
    keys = keys_with(redis, told["item"])
    return actual == "asked 4 times" and keys and {"key": keys[0]}


@mistake("test_a_kept_price_ends")
def kept_for_ever(redis, told):
    """The price has no time to live: a price that the warehouse changes by another way would never be seen. Set it with the
    value: store.set(key, price, px=int(CACHE_TTL * 1000))."""
    return -1 in price_ends(redis, told)


@mistake("test_a_kept_price_ends")
def another_time_to_live(redis, told):
    """CACHE_TTL was {TTL}, and the price has {seconds} s to live still. Take the time to live from shop.CACHE_TTL."""
    longest = max(price_ends(redis, told), default=0)
    return longest > 2 and {"seconds": longest}


@mistake("test_a_kept_price_ends")
def put_off_by_each_look(answer, told, redis, brief, warehouse, path):
    """It was looked at again and again, and never ended: each look begins its time to live anew (EXPIRE, GETEX, or SET after a
    hit). A price that is often looked at would stay old for ever. Set the time to live only when it is loaded."""

    def left():
        brief.get(path)
        return max((redis.pttl(key) for key in naming(redis, told["item"])), default=0)

    if answer.json != told:
        return False
    before, calls = left(), warehouse.asked(f"GET {path}")
    time.sleep(0.3)
    return left() > before - 100 and warehouse.asked(f"GET {path}") == calls


@mistake("test_a_kept_price_ends")
def lease_outlives_the_price(answer, redis, told):
    """The price has ended, and the next look got no answer: it waits for {key}, which is there for {seconds} s still. Who has
    loaded a price gives the right to load back at once, when the price is kept."""
    keys = [] if price_ends(redis, told) else [key for key in naming(redis, told["item"]) if redis.ttl(key) > 0]
    return answer.status is None and keys and {"key": keys[0], "seconds": redis.ttl(keys[0])}


@mistake("test_a_stampede_costs_one_call")
def who_waits_gets_nothing(answer):
    """One loaded the price, and another was answered {status} meanwhile. Who finds that somebody loads it already waits a
    moment, and looks into the cache again."""
    return answer.status not in (None, 200, 500) and {"status": answer.status}


@mistake("test_a_stampede_costs_one_call")
def second_look_left_out(actual, warehouse, path, ANSWER):
    """The warehouse was asked again, {gap} s after the first time: its first answer was there already. A client looks and finds
    nothing, another one keeps the price and gives the lease back, and then the first one gets the lease. So whoever gets it
    looks once more before it asks; and the lease is given back only when the price is kept."""
    times = warehouse.times(f"GET {path}")
    gap = times[1] - times[0] if len(times) > 1 else 0
    return str(actual).startswith("asked") and gap > ANSWER and {"gap": f"{gap:.1f}"}


def held_in_a_load(shop, warehouse, redis, item):
    """The keys that are in Redis while the service loads the price of an item, and were not there before, each with its time to live (ms)."""
    before, held, path = set(redis.keys()), [], f"/prices/{item}"
    warehouse.put(path, price=100)
    look = lambda: held.extend((key, redis.pttl(key)) for key in set(redis.keys()) - before)
    warehouse.meanwhile(f"GET {path}", lambda: shop.get(path), look)
    return held


@mistake("test_a_stampede_costs_one_call")
def lease_ends_before_the_answer(actual, shop, warehouse, redis, told, ANSWER):
    """Whoever loads the price holds {key}, which had {seconds} s to live when the warehouse was asked. Its answer took {ANSWER} s:
    by then the next client had the key, and asked too. Give it a time to live that is longer than any load."""
    held = str(actual).startswith("asked") and held_in_a_load(shop, warehouse, redis, f"{told['item']}2")
    short = held and [(key, left) for key, left in held if 0 < left < ANSWER * 1000]
    return short and {"key": short[0][0], "seconds": f"{short[0][1] / 1000:.1f}"}


@mistake("test_a_stampede_costs_one_call")
def lock_in_the_process(actual, shop, warehouse, redis, told):
    """Two replicas asked once each, at the same time, and while one asks there is no new key in Redis: so each keeps its own clients
    apart. All replicas need to see the same lock: SET … NX in Redis, with a time to live."""
    return actual == "asked 2 times" and not held_in_a_load(shop, warehouse, redis, f"{told['item']}3")


@mistake("test_a_stampede_costs_one_call")
def each_asks_for_itself(actual):
    """The 50 clients found nothing in the cache, and the warehouse was {actual}. Let one of them load it: whoever sets a key
    with SET … NX. The others wait, and look into the cache again."""
    return isinstance(actual, str) and actual.startswith("asked") and {"actual": actual}


@mistake("test_a_failed_load_is_not_kept")
def failure_told_as_absence(answer):
    """The warehouse failed, and the service answered 404, as if there were no such item. Let WarehouseError through: below
    its errorhandler it is a 503."""
    return answer.status == 404


@mistake("test_a_failed_load_is_not_kept")
def lease_left_behind(answer, redis, told):
    """The first load failed, and the next look waits for it still: in Redis there is {key}. Give the right to load back
    whatever happens, in `finally`."""
    keys = naming(redis, told["item"])
    return answer.status is None and keys and {"key": keys[0]}


@mistake("test_an_update_is_seen_at_once")
def warehouse_is_not_told(warehouse, told, path, answer=None):
    """The price was changed with PUT, and the warehouse still has the old one: what the cache alone has is lost once it forgets
    it. Tell the warehouse first, with ask_warehouse("PUT", …)."""
    return (answer is None or answer.json == told) and warehouse.get(path) == told


@mistake("test_an_update_is_seen_at_once")
def old_price_is_still_kept(answer, told, warehouse, path):
    """The price was changed, and the old one came from the cache. Delete it there when the warehouse has the new one, for all
    replicas: store.delete(key)."""
    return answer.json == told and warehouse.get(path) != told


@mistake("test_an_update_beats_a_load")
def slow_load_keeps_the_old_price(answer, told, slow):
    """One client was loading the price while another changed it. Its answer came after the change, was the old price, and was
    kept. Keep what was loaded only if nobody has changed the price since: an update takes the right to keep it away."""
    return slow == "GET" and answer.json == told


@mistake("test_an_update_beats_a_load")
def deleted_before_the_change(answer, told, slow):
    """While the warehouse was busy with the change, another client loaded the old price, and it was kept. Delete what is kept
    when the warehouse has the new price, not before."""
    return slow == "PUT" and answer.json == told


# The feed


@mistake("test_news_reach_who_listens")
def no_event_stream(actual, expected):
    """The feed is sent as {actual}. A browser takes it for a stream of events if it is text/event-stream:
    Response(events(), mimetype="text/event-stream")."""
    return expected == "text/event-stream" and {"actual": actual}


@mistake("test_news_reach_who_listens")
def lines_that_are_no_events(listener):
    """The feed sent {line}, which is no event: each is a line that begins with `data: `, and then an empty line."""
    return bool(listener.odd) and {"line": repr(listener.odd[:60])}


@mistake("test_news_reach_who_listens")
def no_empty_line_after_an_event(listener, expected):
    """The feed sent {line}, and no empty line after it. An event is over only with an empty line: so it ends in two line ends, f"data: {text}\\n\\n"."""
    lines = listener.unended
    return (
        isinstance(expected, list) and lines and not listener.has_ended and {"line": repr(f"data: {lines[0][:40]}…")}
    )


@mistake("test_news_reach_who_listens")
def one_subscription_for_all(listener, listeners, late, redis, all_news, NEWS):
    """{several} listen to the feed, and Redis has {subscribed} for {NEWS}. One of them heard what another did not: they share a subscription, and what comes goes
    to one of them. Make a store.pubsub() of its own in each request."""
    everyone = [*listeners, late]
    missed = [news for news in all_news if news not in listener.heard and any(news in one.heard for one in everyone)]
    count = audience(redis, NEWS)
    is_so = missed and not listener.has_ended and 0 < count < len(everyone)
    return is_so and {"several": len(everyone), "subscribed": f"{count} subscription{'s' * (count > 1)}"}


@mistake("test_news_reach_who_listens")
def news_are_no_json(listener):
    """The feed sent {event}. So Python prints a dict; JSON has double quotes. Make the text with json.dumps(…) before you publish it."""
    printed = [one for one in listener.heard if isinstance(one, str) and one.startswith("{'")]
    return printed and {"event": f"{printed[0][:40]}…"}


@mistake("test_news_reach_who_listens")
def subscription_told_as_news(listener):
    """An event of the feed is {number}. That is what Redis answers to SUBSCRIBE: the number of channels. Leave it out with
    store.pubsub(ignore_subscribe_messages=True)."""
    numbers = [one for one in listener.heard if type(one) is int]
    return numbers and {"number": numbers[0]}


@mistake("test_news_reach_who_listens")
def news_are_stored(redis, listener, early, last, NEWS):
    """What the grader published in {NEWS} came, and what the service was sent did not. Redis has a {kind} of that name: there news is stored, and no
    subscriber hears of it. PUBLISH sends it to all of them."""
    kind = redis.type(NEWS)
    return kind != "none" and last in listener.heard and early not in listener.heard and {"kind": kind}


@mistake("test_news_reach_who_listens")
def ends_at_the_first_silence(listener):
    """The feed came to its end when no news came for a while. get_message returns None if nothing has come in its time-out:
    go on then."""
    return listener.has_ended and listener.status == 200


@mistake("test_news_reach_who_listens")
def news_stay_in_the_process(redis, listener, NEWS, answer=None):
    """Nobody has subscribed to {NEWS} in Redis. A list or a queue in the process reaches the listeners of that process alone;
    what is published in Redis reaches those of all replicas."""
    return answer is None and listener.status == 200 and audience(redis, NEWS) == 0


@mistake("test_news_reach_who_listens")
def old_news_are_told_again(listener, late, early):
    """Who came late heard what was published before, so something keeps the news. Pub/sub keeps nothing, and this feed is
    live: leave that out."""
    return listener is late and early in listener.heard


@mistake("test_who_has_left_is_unsubscribed")
def never_notices_who_left(actual, listeners):
    """The listeners have hung up, and Redis has {actual} subscribers still. A server notices that only when it sends something:
    send a comment (`: still here` and an empty line) every FEED_HEARTBEAT seconds, and close the subscription in `finally`."""
    return actual > len(listeners) and {"actual": actual}


# The limiter


@mistake("test_the_limiter_closes")
def one_limit_for_all(answer, redis, news, refused=()):
    """An author was refused who had not published {LIMIT} news items yet, and nothing in Redis names an author. Count each
    author under a key of its own."""
    return answer.status == 429 and answer not in refused and not keys_with(redis, news["author"])


@mistake("test_the_limiter_closes")
def one_too_few(answer, redis, news, number, LIMIT, refused=()):
    """An author's news item number {nth} was refused, and RATE_LIMIT was {LIMIT}. INCR returns the number of this one: refuse it only
    if it is greater than RATE_LIMIT."""
    is_early = answer.status == 429 and not refused and number < LIMIT
    return is_early and keys_with(redis, news["author"]) and {"nth": number + 1}


@mistake("test_the_limiter_closes")
def not_counted_in_redis(answer, redis, news):
    """All {LIMIT} news items were let in and one more, and nothing in Redis names the author. Does each replica count for
    itself? Or does the key end too soon: px= takes milliseconds? Count in Redis, with INCR."""
    return answer.status == 200 and not keys_with(redis, news["author"])


@mistake("test_the_limiter_closes")
def one_too_many(answer, redis, news):
    """All {LIMIT} news items were let in, and one more. INCR returns the number of this one: refuse it if it is greater than
    RATE_LIMIT."""
    return answer.status == 200 and bool(keys_with(redis, news["author"]))


@mistake("test_the_limiter_closes")
def refused_with_another_status(answer, refused=()):
    """What was too much was refused with {status}. The status for that is 429."""
    return answer in refused and answer.status in (400, 403, 503) and {"status": answer.status}


@mistake("test_the_limiter_reopens_on_time")
def put_off_by_refusals(answer, redis, news, refused_at, WINDOW):
    """Who was refused and asked again was kept out for longer: each request begins the window anew. Give the key its time to
    live only when the window begins: SET … NX, or EXPIRE … NX."""
    began_anew = [left + time.monotonic() - refused_at for left in ends(redis, news["author"])]
    return answer.status == 429 and any(abs(window - WINDOW) < 0.4 for window in began_anew)


@mistake("test_the_limiter_reopens_on_time")
def window_without_an_end(answer, redis, news):
    """The window does not end: the key that counts has no time to live. Set it together with the key, in one step:
    SET key 0 NX PX …, then INCR."""
    return answer.status == 429 and -1 in ends(redis, news["author"])


@mistake("test_the_limiter_reopens_on_time")
def window_by_the_clock(actual, WINDOW):
    """The limiter was open again {actual} s after the author's first news item. Does the window begin and end by the clock? It
    begins with that first item."""
    return isinstance(actual, float) and actual < WINDOW and {"actual": f"{actual:.1f}"}


@mistake("test_the_limiter_closes", "test_the_limiter_reopens_on_time")
def another_window(redis, news, began, WINDOW):
    """RATE_WINDOW was {WINDOW} s, and the key that counts lives for {seconds} s in all. Take its time to live from
    shop.RATE_WINDOW; px= takes milliseconds, ex= seconds."""
    left = [one for one in ends(redis, news["author"]) if one > 0]
    window = max(left, default=0) + time.monotonic() - began
    return left and window > WINDOW + 1 and {"seconds": round(window)}


@mistake("test_the_limiter_closes")
def no_time_to_come_back(actual, WINDOW, answer=None):
    """Retry-After is {actual}, and the window has {WINDOW} s. It tells when to come back, in whole seconds, and is never 0: PTTL
    says how many milliseconds are left of the window, divide them by 1000, and math.ceil rounds up."""
    return answer is None and (actual is None or isinstance(actual, str)) and {"actual": actual or "missing"}


@mistake("test_the_last_place_is_given_once")
def looks_before_it_counts(actual):
    """Both were let in: between your look at the count and your INCR, another request took the last place. Count first, and
    decide by the number that INCR returns."""
    return actual == [200, 200]


# The orders


@mistake("test_an_order_waits_in_the_stream")
def other_fields(actual):
    """The entry has {fields}. The worker, and others that read the stream, need the fields id, item and count."""
    return fields_of(actual)


def fields_of(actual):
    """What a stream's last entry has in place of the fields of an order."""
    last = actual[-1] if isinstance(actual, list) and actual else {}
    is_so = isinstance(last, dict) and last and not {"id", "item", "count"} <= last.keys()
    return is_so and {"fields": ("the field " if len(last) == 1 else "the fields ") + ", ".join(last)}


@mistake("test_an_order_waits_in_the_stream")
def orders_elsewhere(actual, redis):
    """The stream is empty, but Redis has {keys}. Put the order into the stream shop:orders, with XADD."""
    keys = [key for key in redis.keys("*") if redis.type(key) in ("stream", "list")]
    return actual == [] and keys and {"keys": ", ".join(keys)}


@mistake("test_an_order_waits_in_the_stream")
def waiting_orders_thrown_away(actual, FLOOD):
    """20,001 orders waited, one more came, and {actual} were left: MAXLEN throws the oldest away, done or not. Leave it out. The
    worker takes off the stream what is done."""
    return isinstance(actual, int) and actual < FLOOD and {"actual": actual}


@mistake()
def worker_before_the_first_order(start):
    """A worker came before the first order, and ended with an error: there is no stream yet, and XGROUP CREATE needs one. With mkstream=True it makes an
    empty one."""
    return said(r"ResponseError: (?P<words>The XGROUP subcommand requires the key to exist)", start.log)


@mistake()
def ends_when_nothing_comes(start, expected):
    """The worker ended by itself, with exit code 0, and orders came after that. XREADGROUP returns nothing if no order came in its time: does the loop
    end then? A worker goes on, and asks again."""
    return str(expected) == "a process that goes on" and not start.running and start.code == 0


@mistake("test_an_order_is_done")
def count_is_replaced(actual, order, more):
    """The item was ordered twice, first {first} of it, then {second}, and shop:sold says {second}: the second count has replaced the first one. HINCRBY
    adds to a field; HSET replaces it."""
    return actual == more["count"] and {"first": order["count"], "second": more["count"]}


@mistake("test_an_order_is_done")
def marked_by_its_item(actual, order, more, redis):
    """Two orders came for one item, each with its own id, and only the first was counted. Redis has {key}, which names the item: does it mark the order
    as done? Then the item's next order is taken for done, too. Mark the order's id."""
    keys = naming(redis, order["item"])
    return actual == order["count"] and more["item"] == order["item"] and keys and {"key": keys[0]}


@mistake("test_an_order_is_done")
def counted_as_one(actual, order):
    """The order was for {count}, and 1 was counted. Add the order's count: int(order["count"])."""
    return type(actual) is int and actual == 1 and {"count": order["count"]}


@mistake("test_an_order_is_done")
def group_from_the_end(actual, main, redis):
    """The order was in the stream before the first worker came, and no worker was given it: the group begins at the end of the
    stream. Create it with id="0"."""
    left = main.left()
    groups = redis.xinfo_groups(main.orders) if left["in the stream"] else []
    return actual == 0 and bool(groups) and left["pending"] == 0 and groups[0]["last-delivered-id"] != "0-0"


@mistake("test_an_order_is_done")
def asks_for_nothing_new(actual, main, redis):
    """The order is in the stream, and the group was never given an entry, though the worker has asked {times} times with XREADGROUP. For which ID does it ask?
    `>` stands for new entries. 0, or another ID, stands for those that this worker was given before and has not acknowledged."""
    groups = redis.xinfo_groups(main.orders) if main.left()["in the stream"] else []
    asked = redis.info("commandstats").get("cmdstat_xreadgroup", {}).get("calls", 0)
    is_so = actual == 0 and bool(groups) and groups[0]["last-delivered-id"] == "0-0"
    return is_so and asked > 1 and {"times": asked}


@mistake("test_an_order_is_done")
def another_group(actual, redis, ORDERS):
    """The stream has no group workers; it has {groups}. All workers read it by the group of that name, so that each order is given to one
    of them, and others can see what is pending: GROUP, in shop.py."""
    is_so = isinstance(actual, dict) and actual["pending"] is None
    groups = [group["name"] for group in redis.xinfo_groups(ORDERS)] if is_so and redis.exists(ORDERS) else []
    return is_so and {"groups": ", ".join(groups) or "none"}


@mistake("test_an_order_is_done")
def never_acknowledged(actual):
    """The order is done, and still pending: after JOB_LEASE seconds it is given to another worker. Acknowledge it with XACK when
    it is counted."""
    return isinstance(actual, dict) and bool(actual["pending"])


@mistake("test_an_order_is_done")
def done_and_still_in_the_stream(actual):
    """The order is done, and still in the stream: XACK only says that it is no longer pending. Without XDEL the stream grows for
    ever."""
    return isinstance(actual, dict) and actual["in the stream"] > 0


@mistake("test_an_order_sent_twice_counts_once")
def forgotten_too_soon(actual, asked):
    """The order is done, and in {actual} s Redis forgets its id: if the client sends it again after that, it counts twice. Let the mark live for as long as
    the order may come again: a day, a week."""
    return asked.startswith("redis-cli TTL") and {"actual": actual}


@mistake("test_an_order_sent_twice_counts_once")
def counted_twice(actual, order, last):
    """The order has one id, was sent twice, and counted twice. Set a key for the id when it is counted, and count it only if
    the key is not there."""
    return actual == 2 * order["count"]


@mistake("test_a_killed_worker_loses_no_order")
def marked_before_the_work(actual, queue, order):
    """The worker died in the middle of the order, and Redis had {key} already. So the next one took the order for done, and nobody
    counted it. Set that key when the order is counted, in one transaction with it."""
    keys = [key for key in keys_with(queue.redis, order["id"]) if queue.redis.type(key) != "stream"]
    return actual == 0 and queue.left()["pending"] == 0 and keys and {"key": keys[0]}


@mistake("test_a_killed_worker_loses_no_order")
def acknowledged_before_the_work(actual, queue):
    """The worker died in the middle of the order, and no order is pending: it had acknowledged it before it was done. The group
    gives nobody what is acknowledged. XACK comes last."""
    return actual == 0 and queue.left()["pending"] == 0


@mistake("test_a_killed_worker_loses_no_order")
def claimed_too_late(actual, queue, SOON):
    """The order is still pending with the worker that died, after {SOON} s and more, though the workers ask with XAUTOCLAIM or XCLAIM.
    JOB_LEASE was {LEASE} s: does the idle time come from it, in milliseconds? And do they ask before each new order?"""
    claims = {"cmdstat_xautoclaim", "cmdstat_xclaim"} & queue.redis.info("commandstats").keys()
    return actual == 0 and claims and (waits(queue) or {}).get("times_delivered") == 1


@mistake("test_a_killed_worker_loses_no_order")
def nobody_takes_over(actual, queue):
    """The order is still pending with the worker that died, and another one runs. `>` gives a worker new orders only: ask for those
    of others with XAUTOCLAIM, before each new one."""
    return actual == 0 and (waits(queue) or {}).get("times_delivered") == 1


@mistake("test_a_worker_killed_after_its_first_word")
def acknowledged_before_it_counts(actual, queue, order):
    """The order was packed and acknowledged, then the worker died, and nobody counted it: the group gives nobody what is
    acknowledged. Count and acknowledge in one transaction, between MULTI and EXEC: both happen, or neither."""
    keys = [key for key in keys_with(queue.redis, order["id"]) if queue.redis.type(key) != "stream"]
    return actual == 0 and queue.left()["pending"] == 0 and not keys


@mistake("test_a_worker_killed_after_its_first_word")
def marked_before_it_counts(actual, queue, order):
    """The order was marked as done, in {key}, then the worker died, and nobody counted it. Mark and count in one transaction,
    between MULTI and EXEC: both happen, or neither."""
    keys = [key for key in keys_with(queue.redis, order["id"]) if queue.redis.type(key) != "stream"]
    return actual == 0 and keys and {"key": keys[0]}


@mistake("test_a_worker_killed_after_its_first_word")
def counted_before_it_is_marked(actual, order):
    """The order was counted, the worker died before it noted that, and the next one counted it again. Count and mark in one
    transaction, between MULTI and EXEC: both happen, or neither."""
    return actual == 2 * order["count"]


@mistake("test_a_worker_that_wakes_up_late")
def looks_then_counts(actual, order):
    """The second worker counted the order, and the first one counted it again when it woke up. Whether an order is done must be
    asked when it counts, and nobody may come in between: WATCH the mark before the look, or look and count in one script."""
    return actual == 2 * order["count"]


@mistake("test_an_order_at_work_is_left_alone")
def claimed_too_early(actual):
    """A worker was at the order, and another one took it {after} s later; JOB_LEASE was {LEASE} s. XAUTOCLAIM takes milliseconds:
    min_idle_time=int(JOB_LEASE * 1000)."""
    return isinstance(actual, list) and bool(actual) and {"after": f"{min(actual):.2f}"}


@mistake("test_a_poison_order_is_set_aside")
def poison_ends_the_worker(start):
    """The order that fails ended the worker, with WarehouseError. So it ends each one that takes it, and nobody does the others.
    Catch it, and go on with the next order."""
    return said(r"^(?:shop\.)?WarehouseError: ", start.log)


@mistake("test_a_poison_order_is_set_aside")
def set_aside_elsewhere(actual, redis, poison, ORDERS):
    """The order that failed is in {keys}, and not in shop:orders:failed, where others look for it: FAILED, in shop.py."""
    keys = [key for key in lists_with(redis, poison["id"]) if key != ORDERS]
    return actual == [] and keys and {"keys": ", ".join(keys)}


@mistake("test_a_poison_order_is_set_aside")
def moved_without_its_fields(actual):
    """The entry in shop:orders:failed has {fields}, and the order had id, item and count. Whoever looks at it needs them all: add the order
    as it was read."""
    return fields_of(actual)


@mistake("test_a_poison_order_is_set_aside")
def poison_is_dropped(actual, main, FAILED):
    """The order failed, was acknowledged, and is nowhere now: nobody will ever know. Leave it pending, so that it is tried again,
    and move it to {FAILED} after three tries."""
    return actual == [] and main.left()["pending"] == 0


@mistake("test_a_poison_order_is_set_aside")
def never_tried_again(actual, warehouse, call, main):
    """The order failed once, and nobody tried it again. Does the worker claim what it has failed at itself?"""
    return actual == [] and len(warehouse.times(call)) == 1 and main.workers[-1].is_running()


@mistake("test_a_poison_order_is_set_aside")
def tried_for_ever(actual, warehouse, call, TRIES):
    """The order has failed {times} times, and is tried again and again. XPENDING says how often an entry was delivered:
    after {TRIES} tries move it to shop:orders:failed."""
    times = len(warehouse.times(call))
    return actual == [] and times > TRIES and {"times": times}


@mistake("test_a_poison_order_is_set_aside")
def set_aside_and_still_pending(actual, main):
    """The order was set aside, and is still pending, so that it comes again. Add it to the other stream and acknowledge it in one
    transaction."""
    is_again = isinstance(actual, list) and len(actual) > 1
    is_there = isinstance(actual, int) or (isinstance(actual, str) and actual.startswith("asked"))
    return is_again or (is_there and bool(main.left()["pending"]))


@mistake("test_a_poison_order_is_set_aside")
def another_number_of_tries(actual, expected):
    """The warehouse was {actual} to pack the order that fails, not three times. XPENDING counts each time that the entry was
    delivered, this one too."""
    return isinstance(actual, str) and actual.startswith("asked") and {"actual": actual}


@mistake("test_a_broken_redis_is_503")
def lost_and_told_202(answer):
    """Redis did not take the order, and the client was answered 202: it believes that the order is safe, and will not send it again.
    Put it into the stream first, and let the error of redis-py become a 503."""
    return answer.status == 202


@mistake("test_a_broken_redis_is_503")
def full_redis_is_500(answer, log):
    """Redis has no memory left and refused the command with OOM. That is redis-py's OutOfMemoryError, and neither a
    ConnectionError nor a TimeoutError: it needs an errorhandler, too."""
    return answer.status == 500 and said(r"OutOfMemoryError", log)


@mistake("test_a_broken_redis_is_503")
def waits_for_redis_too_long(answer):
    """Redis does not answer, and the service had not answered after {PATIENCE} s. Take the client of shop.py, which waits one
    second and does not try again."""
    return answer.status is None
