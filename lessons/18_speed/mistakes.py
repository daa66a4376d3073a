"""What goes wrong in lesson 18. Looked through from the top after a check has failed; the first that holds is told."""

import re
import statistics

from workshop.grader import about, mistake


def near(actual, right):
    """Whether a number is the one that a wrong formula gives."""
    return about(right, share=0.08).holds(actual)


def keys_of(pairs):
    """The keys of a list of pairs [key, bytes]; none if it is anything else."""
    are_pairs = isinstance(pairs, list) and all(isinstance(one, list) and len(one) == 2 for one in pairs)
    return [key for key, _ in pairs] if are_pairs else []


def counts_of(seen):
    """How many keys each SCAN asked for that went over the wire: its COUNT, 10 if there is none."""
    scans = [line.upper().split() for line in seen.sent if line.upper().startswith("SCAN ")]
    counts = [words[words.index("COUNT") + 1] if "COUNT" in words[:-1] else "10" for words in scans]
    return [int(count) for count in counts if count.isdigit()]


def keys_read(seen):
    """The keys of the hashes that were read one by one, in the order in which they were asked for."""
    lines = [line.split() for line in seen.sent]
    return [words[1] for words in lines if words[0].lower() in ("hgetall", "hmget") and len(words) > 1]


def last_page(seen, redis):
    """The keys that SCAN shows together with the cursor 0, if it went all the way in pages of one size; else None."""
    counts, cursor, keys = counts_of(seen), "0", None
    for page in range(1, seen["scan"] + 1 if len(set(counts)) == 1 else 1):
        cursor, keys = redis.scan(cursor, count=counts[0])
        if int(cursor) == 0:
            return keys if page == seen["scan"] else None
    return None


def times_in(figures):
    """The times of an answer of measure; none if they are no numbers."""
    times = figures.get("times") if isinstance(figures, dict) else None
    return times if isinstance(times, list) and all(isinstance(one, (int, float)) for one in times) else []


def in_ms(times):
    """Times to read in a sentence."""
    return {"times": [round(one, 3) for one in times]}


@mistake("measured")
def times_turned_round(figures):
    """The times are below 0: {times}. The clock runs forward: take what it shows before the GET away from what it shows
    after it."""
    times = times_in(figures)
    return times and max(times) < 0 and in_ms(times[:5])


@mistake("test_measure_times_each_call")
def first_among_the_times(times, count):
    """Asked for {count} times, and {came} came: the first GET is among them. It warms up, and does not count."""
    return len(times) == count + 1 and {"count": count, "came": len(times)}


@mistake("test_measure_times_each_call", "test_measure_leaves_out_the_first")
def one_time_too_few(figures, count):
    """Asked for {count} times, and {came} came: one too few. The GET that warms up comes before them, and is none of the
    {count}."""
    times = times_in(figures)
    return len(times) == count - 1 and {"count": count, "came": len(times)}


@mistake("test_measure_times_each_call")
def warm_up_that_came_late(times, count, place, held):
    """GET number {number} was held up, and its time stands one place later: {times}. So the first GET of all is among the
    times. It warms up: make it before the loop, and not after it."""
    late = times[place + 1 : place + 2]
    is_so = (
        len(times) == count
        and late
        and late[0] == max(times) >= held
        and times not in (sorted(times), sorted(times, reverse=True))
    )
    return is_so and {"number": place + 1} | in_ms(times)


@mistake("test_measure_times_each_call")
def all_timed_together(times):
    """All times are the same. The time of all, divided by their number, is an average: it hides the slow one. Time
    each call for itself."""
    return len(times) > 1 and len(set(times)) == 1 and times[0] > 0


@mistake("test_measure_times_each_call")
def seconds_for_milliseconds(times, place, held, took):
    """These are seconds. The clock counts seconds; a thousand milliseconds make one."""
    is_slowest = place < len(times) and times[place] == max(times) > 3 * statistics.median(times)
    return is_slowest and held <= times[place] * 1000 and sum(times) * 1000 <= took * 1.1


@mistake("test_measure_times_each_call")
def clock_that_stands_still(times, count, place, held, took):
    """GET number {number} was held up for {held} ms, and no time shows it: {times}. So the clock stood still while the
    program waited, or it was read at another moment. process_time stands still then, since it counts only the time in
    which your program computes; perf_counter counts all the time that passes."""
    shows_nothing = max(times, default=held) < held and sum(times) * 1000 > took * 1.1
    return len(times) == count and shows_nothing and {"number": place + 1, "held": held} | in_ms(times)


@mistake("test_measure_times_each_call")
def times_in_another_order(times, count, place, held):
    """GET number {number} was held up, and its time stands at another place: {times}. The list keeps the order of the
    calls; sort a copy of it."""
    is_so = len(times) == count and place < count and times[place] < held <= max(times)
    return is_so and {"number": place + 1} | in_ms(times)


@mistake("test_measure_times_each_call")
def times_since_the_beginning(times, place, held, took):
    """No time is shorter than the one before it: {times}. Each counts from the same beginning. Read the clock again
    before each GET.
    """
    grow = place < len(times) and times == sorted(times) and held <= times[place]
    return grow and times[-1] <= took * 1.1 and in_ms(times)


@mistake("test_measure_times_each_call")
def microseconds(times, took):
    """These times are a hundred times as long as the whole call took, or longer. Milliseconds are wanted: a second has a
    thousand of them."""
    return sum(times) > took * 100


@mistake("test_measure_leaves_out_the_first")
def cold_first_call(seen, figures, count):
    """The first GET is among the times. It also pays for what happens only once, such as opening the connection.
    Make one before, and leave it out."""
    return seen["get"] == count == len(times_in(figures))


@mistake("test_measure_knows_the_median")
def mean_for_the_median(actual, times, ROUNDED):
    """That is the mean. A single call that was held up moves it far away from what is usual; the median stays. The
    times were {times}."""
    return about(statistics.fmean(times), by=ROUNDED).holds(actual) and in_ms(times)


@mistake("test_measure_knows_the_median")
def one_of_two_in_the_middle(actual, times, ROUNDED):
    """With an even number of times two stand in the middle: the median is halfway between them. The times were
    {times}."""
    middle = (statistics.median_low(times), statistics.median_high(times))
    return len(times) % 2 == 0 and any(about(one, by=ROUNDED).holds(actual) for one in middle) and in_ms(times)


@mistake("test_measure_knows_the_median")
def middle_of_an_unsorted_list(actual, times, ROUNDED):
    """This is the time in the middle of the list, which is in the order of the calls. Half of the times are shorter
    than the median, and half are longer: sort a copy first, or use statistics.median. The times were {times}."""
    middle = times[(len(times) - 1) // 2 : len(times) // 2 + 1]
    return any(about(one, by=ROUNDED).holds(actual) for one in middle) and in_ms(times)


@mistake("test_measure_knows_the_slowest")
def last_for_the_slowest(actual, times, ROUNDED):
    """It is the last time, not the longest. The times were {times}."""
    return about(times[-1], by=ROUNDED).holds(actual) and in_ms(times)


@mistake("test_load_products_loads")
def nothing_in_the_pipeline(actual, seen, ids):
    """The list is empty, and each HGETALL made a trip of its own: its answer came at once, and was not kept. If you fill
    a pipeline, its own method collects in the loop, pipe.hgetall(…), and not that of `r`."""
    return actual == [] and seen["hgetall"] >= len(set(ids)) and seen.round_trips >= len(set(ids))


@mistake("test_load_products_loads")
def executed_twice(actual, seen):
    """The list is empty, though all HGETALLs were sent: their answers were not kept. execute() returns them once. Then
    the pipeline is empty, and another execute() returns nothing."""
    return actual == [] and seen["hgetall"] > 1 and seen.round_trips == 1


@mistake("test_load_products_loads")
def executed_after_the_block(actual, seen):
    """The list is empty, and Redis received no HGETALL. A pipeline only collects until it is executed, and at the end of
    its `with` block it forgets what it has collected: execute it inside."""
    return actual == [] and not seen["hgetall"]


@mistake("test_load_products_loads")
def asked_for_another_key(seen, ids):
    """Redis was asked for the key {asked}. The hash of a product is product:<id>, here product:{id}."""
    asked = keys_read(seen)
    odd = [(key, one) for key, one in zip(asked, ids, strict=False) if one in key and key != f"product:{one}"]
    return odd and {"asked": odd[0][0], "id": odd[0][1]}


@mistake("test_load_products_loads")
def fields_left_out(actual, expected, seen):
    """The field {field} of a product did not come. HMGET returns the fields that it names; a product may have others.
    HGETALL returns all of them."""
    rows = isinstance(actual, list) and len(actual) == len(expected) and list(zip(actual, expected, strict=True))
    are_parts = rows and all(isinstance(one, dict) and one.items() < whole.items() for one, whole in rows)
    return seen["hmget"] and are_parts and {"field": min(expected[0].keys() - actual[0].keys())}


@mistake("test_load_products_loads")
def asked_in_another_order(seen, ids):
    """Redis was asked for {asked} where the list of ids has {id}. The answers come in the order of the commands. A set has no
    order; dict.fromkeys(ids) has each id once, in the order of the list."""
    asked, once = keys_read(seen), list(dict.fromkeys(ids))
    odd = [(key, one) for key, one in zip(asked, once, strict=False) if key != f"product:{one}"]
    is_so = sorted(asked) == sorted(f"product:{one}" for one in once)
    return is_so and odd and {"asked": odd[0][0], "id": odd[0][1]}


@mistake("test_load_products_loads")
def each_product_once(actual, ids, made):
    """An id that was asked for twice came once. There is one answer for each question."""
    return actual == [made[one] for one in dict.fromkeys(ids)]


@mistake("test_load_products_loads")
def products_in_another_order(actual, expected):
    """They are the right products, in another order. The answers of a pipeline come in the order of its commands."""
    return actual and expected and isinstance(actual, list) and sorted(map(str, actual)) == sorted(map(str, expected))


@mistake("test_load_products_keeps_the_place_of_a_missing_one")
def missing_products_left_out(actual, expected):
    """The missing one was left out, so all behind it moved up: whoever puts ids and products side by side now gets
    the wrong ones."""
    return actual == [one for one in expected if one]


@mistake("test_load_products_keeps_the_place_of_a_missing_one")
def empty_dict_for_a_missing_product(actual, expected):
    """HGETALL returns an empty dict if there is no key. Return None in its place."""
    return actual == [one or {} for one in expected]


@mistake("test_load_products_in_one_trip")
def pipeline_for_each_product(seen, ids):
    """Each product has a pipeline of its own, or execute() stands inside the loop. Fill one pipeline in the loop, and
    execute it once, after it."""
    return seen["multi"] >= len(ids)


@mistake("test_load_products_in_one_trip")
def one_product_after_the_other(seen, ids):
    """Each question waits for its answer before the next one goes out. A pipeline sends them together and reads the
    answers together: fill one in the loop, and execute it once, after it."""
    return seen.round_trips >= len(ids)


@mistake("test_load_products_in_one_trip")
def asked_whether_they_exist(seen):
    """One trip too many: HGETALL returns an empty dict if there is no product. Nothing has to be asked before."""
    return seen["exists"]


@mistake("test_import_stock_stores_all")
def import_never_sent(redis, missing):
    """No row has come to Redis. If they are in a pipeline: it only collects, and execute() sends."""
    return missing and redis.dbsize() <= 1  # the old number of the first row


@mistake("test_import_stock_stores_all")
def stock_without_its_prefix(redis, missing):
    """Redis has the key {product}. The stock of a product is in the key stock:<product>, here stock:{product}."""
    product = missing[0][0] if missing else ""
    return redis.exists(product) and {"product": product}


@mistake("test_import_stock_stores_all")
def last_batch_never_sent(rows, size, missing):
    """The rows of the last batch are missing: it was not full (the batch size was {size}), and nobody sent it.
    Send what is left after the loop."""
    rest = len(rows) % size
    return rest and missing == rows[-rest:] and {"size": size}


@mistake("test_import_stock_stores_all")
def added_to_the_old_number(missing, rows, redis):
    """{product} had the number 1000 before; the row says {number}, and now there is {found}. An import writes the numbers
    of the file in the place of the old ones: if it adds them, the same file imported twice makes twice as much."""
    product, number = rows[0] if rows else (None, 0)
    found = redis.get(f"stock:{product}")
    return (
        missing == rows[:1] and found == str(1000 + number) and {"product": product, "number": number, "found": found}
    )


@mistake("test_import_stock_stores_all")
def the_old_number_stays(missing, rows, redis):
    """{product} still has the number that it had before the import, and others were stored. SET and MSET replace what is
    there; SETNX and MSETNX write only what is not there yet."""
    product = rows[0][0] if rows else None
    is_old = rows and rows[0] in missing and missing != rows and redis.get(f"stock:{product}") == "1000"
    return is_old and redis.dbsize() > 1 and {"product": product}


@mistake("test_import_stock_in_few_trips")
def trip_for_each_row(seen, rows):
    """Each row makes a trip of its own. A batch of rows goes together: in one pipeline that is executed once for all
    of them, or in one MSET."""
    return seen.round_trips >= len(rows)


@mistake("test_import_stock_in_few_trips")
def half_full_batches(seen, rows, size):
    """There were {trips} trips for {rows} rows, and {size} rows fit on each. Fill each batch up to the size, send it in
    one go, and ask nothing beside it."""
    return 7 < seen.round_trips < len(rows) and {"trips": seen.round_trips, "rows": len(rows), "size": size}


@mistake("test_import_stock_keeps_to_the_size")
def one_row_too_many(most, size):
    """There were {most} rows on one trip, one too many. Look at the moment when the batch is sent: it is full with
    exactly as many rows as its size.
    """
    return most == size + 1 and {"most": most}


@mistake("test_import_stock_keeps_to_the_size")
def one_giant_pipeline(most, rows):
    """All rows went out together. With ten million rows your program and Redis hold all of them, and all answers, in
    memory at once."""
    return most > len(rows) * 0.8


@mistake("test_record_sale_counts")
def list_that_grows_for_ever(actual, sold):
    """The list grows for ever. LTRIM keeps its beginning: 0 to 4 are five."""
    return actual == sold[::-1]


@mistake("test_record_sale_counts")
def six_for_five(actual, sold):
    """Six products are kept. Both ends of LTRIM count: 0 to 4 are five, if it comes after LPUSH."""
    return actual == sold[:0:-1]


@mistake("test_record_sale_counts")
def each_product_once_in_the_list(actual, sold):
    """{product} was sold twice, and stands in the list once. The list has the sales in their order, the newest first: a
    product that was sold twice is there twice."""
    once = list(dict.fromkeys(sold[::-1]))
    return actual in (once, once[:5]) and {"product": sold[-1]}


@mistake("test_record_sale_counts")
def newest_last(actual, expected):
    """The newest is the last of the list, and should be the first. RPUSH puts at the end, LPUSH in front."""
    is_list = isinstance(actual, list) and isinstance(expected, list) and all(isinstance(one, str) for one in actual)
    return is_list and len(actual) > 1 and actual == expected[::-1]


@mistake("test_record_sale_counts")
def cents_and_sales_mixed_up(actual, redis, sales, turnover, number, cents):
    """{cents} were added to the field sales, and 1 to the field turnover: it is the other way round."""
    is_first = number == 1 and actual == [sales + cents, turnover - cents + 1]
    return is_first and redis.hmget("shop:today", "sales", "turnover") == [*map(str, actual)] and {"cents": cents}


@mistake("test_record_sale_counts")
def answers_of_other_commands(returned, actual):
    """{returned} came back. True is what LTRIM returns, so these are the answers of the last commands. execute() returns
    one answer for each command, in their order: take those of the two HINCRBY."""
    is_so = isinstance(returned, list) and actual == returned and len(returned) == 2
    return is_so and returned[1] is True and {"returned": returned}


@mistake("test_record_sale_counts")
def turnover_not_returned(returned, actual, expected):
    """Only the number of sales came back, {returned}. Both were promised, [sales, turnover]. (The end of a slice does not
    belong to it.)"""
    return actual == returned == expected[:1] and {"returned": returned}


@mistake("test_record_sale_counts")
def all_answers_returned(returned, actual, expected):
    """The answers of all commands came back, {returned}. Return only the two new numbers, as in [sales, turnover]:
    execute() returns one answer for each command, in their order."""
    is_more = isinstance(returned, list) and actual == returned and len(returned) > 2
    return is_more and all(number in returned for number in expected) and {"returned": returned}


@mistake("test_record_sale_in_one_trip")
def numbers_asked_for(seen):
    """There is one trip too many: the numbers were asked for on a trip of their own. HINCRBY returns the new number,
    and execute() returns the answer of each command: no need to ask for it."""
    return (seen["multi"] or seen["eval"]) and (seen["hmget"] or seen["hget"] or seen["hgetall"])


@mistake("test_record_sale_in_one_trip")
def sale_in_four_trips(seen):
    """Each step makes a trip of its own. Commands that do not need each other's answers go together."""
    return seen.round_trips >= seen.total > 1


@mistake("test_record_sale_in_one_step")
def half_a_sale_seen(looks, actual):
    """Someone looked in the middle and saw half a sale: {look}. MULTI and EXEC make one step of several commands."""
    return actual in looks and {"look": actual}


@mistake("test_record_sale_in_one_step")
def sale_lost(actual, expected):
    """Between reading and writing, someone else sold something, and that was lost. HINCRBY reads, adds and writes in
    one step."""
    are_numbers = isinstance(actual, list) and isinstance(expected, list) and len(actual) == len(expected) == 2
    return (
        are_numbers and actual != expected and all(one <= other for one, other in zip(actual, expected, strict=True))
    )


@mistake("test_feed_page_has_the_entries")
def one_entry_too_many(actual, expected):
    """It is one entry too many. LRANGE takes the first and the last place, and both belong to it."""
    are_lists = isinstance(actual, list) and isinstance(expected, list)
    return are_lists and len(actual) == len(expected) + 1 and actual[:-1] == expected


@mistake("test_feed_page_has_the_entries")
def pages_from_zero(actual, entries, number, size):
    """It is the page after. Pages are counted from 1, the places of a list from 0."""
    return actual == entries[number * size : (number + 1) * size]


@mistake("test_feed_page_has_the_entries")
def pages_from_the_end(actual, entries, number, size):
    """These are the last entries of the list. Places below 0 count from its end; page 1 begins at place 0."""
    start = len(entries) - number * size
    return number == 1 and actual == entries[start : start + size]


@mistake("test_feed_page_has_the_entries", "test_feed_page_counts_the_pages")
def none_for_an_empty_page(actual, expected):
    """None stands where the entries of the page should be. A page without entries is an empty list, [], so that whoever
    gets it can walk through it like any other."""
    return (expected, actual) == ([], None) or (expected == [[], 0] and actual == [None, 0])


@mistake("test_feed_page_counts_the_pages")
def one_page_of_nothing(actual, expected):
    """The feed is not there, and it has one page. A feed without entries has 0 pages."""
    return expected == [[], 0] and actual == [[], 1]


@mistake("test_feed_page_counts_the_pages")
def entries_for_pages(actual, count, size):
    """{count} entries make {pages} pages of {size}. This is the number of entries."""
    return actual == count and pages_of(count, size)


@mistake("test_feed_page_counts_the_pages")
def last_page_not_counted(actual, count, size):
    """{count} entries make {pages} pages of {size}. The last page, which is not full, was not counted."""
    return actual == count // size and pages_of(count, size)


@mistake("test_feed_page_counts_the_pages")
def one_page_more_in_any_case(actual, count, size):
    """{count} entries make {pages} pages of {size}. If the last page is full, none follows: always adding 1 counts
    one too many. Round up instead."""
    return actual == count // size + 1 and pages_of(count, size)


def pages_of(count, size):
    """What fills a sentence on pages."""
    return {"count": count, "pages": -(-count // size), "size": size}


@mistake("test_feed_page_reads_no_more")
def whole_list_for_a_page(actual):
    """The whole list came, for ten entries of it. Its time grows with the list. LRANGE takes the places that you
    want, and LLEN counts without reading."""
    return isinstance(actual, int) and actual > 40_000  # 4,000 entries of ten characters and more


@mistake("test_biggest_keys_finds_them")
def never_asked(pairs, seen):
    """Nothing was found, and Redis was not asked at all. A loop that begins with cursor 0 and runs as long as the cursor is
    not 0 never begins."""
    return pairs == [] and not seen.sent


@mistake("test_biggest_keys_finds_them")
def smallest_keys(redis, pairs, prefix):
    """These are the smallest. The largest comes first."""
    least = min(redis.memory_usage(key) for key in redis.scan_iter(match=f"{prefix}:small:*", count=1000))
    return len(keys_of(pairs)) == 3 and pairs[0][1] == least


@mistake("test_biggest_keys_finds_them")
def members_for_bytes(seen, pairs, page, row, numbers):
    """The list with 1000 elements and the set with 400 are here, and the string of 50000 bytes is not: the members
    were counted. What counts is how many bytes a key takes in memory, as MEMORY USAGE returns it."""
    keys = keys_of(pairs)
    return keys[:2] == [row, numbers] and page not in keys and seen["scard"]


@mistake("test_biggest_keys_finds_them", "test_biggest_keys_in_pages")
def first_page_of_keys_only(seen, redis):
    """SCAN was sent once, and asked for {count} keys of {all}. One SCAN shows only a part of the keys: go on with the cursor
    that it returns, until that is 0."""
    counts = counts_of(seen)
    is_part = len(counts) == 1 and counts[0] < redis.dbsize() and redis.scan(0, count=counts[0])[0]
    return is_part and {"count": counts[0], "all": redis.dbsize()}


@mistake("test_biggest_keys_finds_them")
def length_for_bytes(seen):
    """STRLEN was sent, and no MEMORY USAGE. STRLEN is the length of a string; it refuses a list and a set. What counts is how
    many bytes a key takes in memory, as MEMORY USAGE returns it for every type."""
    return seen["strlen"] and not seen["memory|usage"]


@mistake("test_biggest_keys_finds_them")
def sorted_by_name(redis, pairs, right):
    """These keys are sorted by their names. sorted(…) compares pairs by their first part, here the key; say by which
    part with key=lambda pair: -pair[1]."""
    names, keys = sorted(redis.keys("*")), keys_of(pairs)
    return len(keys) == 3 and keys in (names[:3], names[::-1][:3]) and keys != [key for key, _ in right]


@mistake("test_biggest_keys_finds_them", "test_biggest_keys_in_pages")
def last_page_of_keys_only(seen, redis, pairs=None, right=(), found=()):
    """Redis was asked for the sizes of all {all} keys, and only keys of the last page that SCAN showed came back, which has
    {last}. Add what each page brings to what the pages before it brought."""
    keys, last = set(keys_of(found[0] if found else pairs)), last_page(seen, redis)
    if last is None or len(counts_of(seen)) < 2 or seen["memory|usage"] < redis.dbsize():
        return False
    is_so = (
        keys <= set(last) and len(keys) == min(2099 if found else 3, len(last)) and keys != {key for key, _ in right}
    )
    return is_so and {"all": redis.dbsize(), "last": len(last)}


@mistake("test_biggest_keys_finds_them", "test_biggest_keys_in_pages")
def page_with_cursor_0_left_out(seen, redis):
    """There are {all} keys, and Redis was asked for the sizes of {asked}. SCAN shows {last} keys together with the cursor 0: that
    page is the last one, and counts. Use its keys first, and end the loop after that."""
    last, asked = last_page(seen, redis), seen["memory|usage"]
    is_so = last and asked == redis.dbsize() - len(last) and seen.total == seen["scan"] + asked
    return is_so and {"all": redis.dbsize(), "asked": asked or "none", "last": len(last)}


@mistake("test_biggest_keys_leaves_out_what_is_gone")
def size_of_a_key_that_is_gone(error):
    """A key was removed after SCAN had shown it and before its size was asked for. MEMORY USAGE returns None then, and
    None cannot be compared with a number. Leave such a key out."""
    return error.type == "TypeError" and "NoneType" in error.message


@mistake("test_biggest_keys_leaves_out_what_is_gone")
def none_among_the_sizes(pairs):
    """A key was removed after SCAN had shown it and before its size was asked for. MEMORY USAGE returned None, and that is
    among the pairs. Leave such a key out."""
    return isinstance(pairs, list) and any(isinstance(one, list) and None in one for one in pairs)


@mistake("test_biggest_keys_finds_them")
def largest_last(pairs, right):
    """These are the right keys, and the largest is the last. The largest comes first."""
    return keys_of(pairs) == [key for key, _ in right[::-1]]


@mistake("test_biggest_keys_in_pages")
def keys_for_scan(seen):
    """KEYS walks through all keys in one go, and everyone else waits for that long. SCAN goes page by page."""
    return seen["keys"]


@mistake("test_biggest_keys_in_pages")
def all_keys_in_one_page(seen):
    """SCAN was told to look at {count} keys in one go. That is as slow as KEYS: everyone waits until it is done. Some
    hundred keys a page are a good size.
    """
    most = max(counts_of(seen), default=0)
    return most > 1000 and {"count": most}


@mistake("test_biggest_keys_in_pages")
def trip_for_each_key(reads):
    """Each key makes a trip of its own. SCAN brings a page of keys; a pipeline asks for the sizes of all of them on
    one trip."""
    return reads >= 2100


@mistake("test_forget_takes_them_out")
def everything_thrown_out(redis, stays):
    """The key {stays} was not in the list, and it is gone. So is everything else: name the keys to UNLINK."""
    return redis.dbsize() == 0 and not redis.exists(stays) and {"stays": stays}


@mistake("test_forget_takes_them_out")
def keys_asked_for_counted(actual, gone, missing):
    """Of {asked} keys asked for, {there} were there. What comes back is how many really were taken out; UNLINK itself
    tells it."""
    return actual == len(gone) + len(missing) and {"asked": actual, "there": len(gone)}


@mistake("test_forget_takes_them_out")
def true_for_a_number(actual, gone):
    """The function returned {actual}, where the number of keys that were there was promised, {count}. bool(…) makes True of
    every number but 0: return the number itself."""
    return isinstance(actual, bool) and {"actual": actual, "count": len(gone)}


@mistake("test_forget_takes_them_out")
def none_for_no_keys(actual, expected):
    """The list was empty, and None came back. No key was taken out: that is 0, a number like any other."""
    return expected == 0 and actual is None


@mistake("test_forget_makes_nobody_wait")
def unlink_for_each_key(seen, keys):
    """Each key makes a trip of its own. The command takes many keys at once."""
    return seen["unlink"] and seen.round_trips >= len(keys)


@mistake("test_forget_makes_nobody_wait")
def counted_before_unlink(seen):
    """One trip too many: UNLINK's own answer is how many of the keys were there. Nothing has to be counted before."""
    return seen["exists"] and seen["unlink"]


@mistake("test_forget_makes_nobody_wait")
def del_on_a_big_key(seen):
    """DEL takes the key out and frees its memory in the same step, and everyone waits for that: some tenths of a
    second for a million members. UNLINK frees it in the background."""
    return seen["del"]


@mistake("test_forget_makes_nobody_wait")
def no_unlink(seen):
    """Redis was not told to free the memory in the background; it received {commands}. UNLINK takes the key out at
    once and does that."""
    return not seen["unlink"] and not seen["del"] and {"commands": seen}


@mistake("report")
def figure_of_another_section(error, redis):
    """This dict has no key '{figure}'. INFO has it in its section {section}: r.info("{section}")["{figure}"]."""
    figure = error.message.strip("'")
    found = [section for section in ("stats", "memory") if error.type == "KeyError" and figure in redis.info(section)]
    return found and {"figure": figure, "section": found[0]}


@mistake("test_cache_report_hit_rate", "test_cache_report_evicted", "test_cache_report_full")
def division_by_no_limit(error, redis):
    """The division by `maxmemory` failed: it is 0, which means that there is no limit. Nothing can be said of how
    full it is then: return None."""
    stats = redis.info("stats")
    has_reads = stats["keyspace_hits"] and stats["keyspace_misses"]
    no_limit = redis.config_get("maxmemory")["maxmemory"] == "0"
    return error.type == "ZeroDivisionError" and has_reads and no_limit


@mistake("test_cache_report_before_the_first_read")
def division_by_no_reads(error):
    """Nothing was read yet, so hits and misses are both 0, and the division by their sum failed. There is no hit rate
    then: return None."""
    return error.type == "ZeroDivisionError"


@mistake("test_cache_report_hit_rate")
def no_rate_without_a_hit(actual, expected):
    """There was a read, and it found nothing: the hit rate is 0, a figure like any other. None is for the time before the
    first read: ask whether hits and misses together are 0."""
    return expected == 0 and actual is None


@mistake("test_cache_report_hit_rate")
def share_without_its_fraction(actual, hits, misses, expected):
    """{hits} of {reads} reads found their key, and 0 came, a whole number. `//` and int(…) cut off what stands behind the
    point; `/` does not."""
    return type(actual) is int and actual == 0 and expected != 0 and reads_of(hits, misses)


@mistake("test_cache_report_hit_rate")
def hit_rate_in_per_cent(actual, hits, misses):
    """These are per cent. A share lies between 0 and 1."""
    return near(actual, 100 * hits / (hits + misses))


@mistake("test_cache_report_hit_rate")
def share_of_misses(actual, hits, misses):
    """{hits} reads found their key and {misses} did not: that is {hits} of {reads}. This is the share of the
    misses."""
    return near(actual, misses / (hits + misses)) and reads_of(hits, misses)


@mistake("test_cache_report_hit_rate")
def hits_by_misses(actual, hits, misses):
    """{hits} reads found their key and {misses} did not: that is {hits} of {reads}. This is hits divided by misses,
    which is no share: it can be more than 1."""
    return near(actual, hits / misses) and reads_of(hits, misses)


@mistake("test_cache_report_hit_rate")
def hit_rate_upside_down(actual, hits, misses):
    """{hits} reads found their key and {misses} did not: that is {hits} of {reads}. The ratio is upside down."""
    return near(actual, (hits + misses) / hits) and reads_of(hits, misses)


def reads_of(hits, misses):
    """What fills a sentence on reads."""
    return {"hits": hits, "misses": misses, "reads": hits + misses}


@mistake("test_cache_report_before_the_first_read")
def rate_of_nothing(actual):
    """Nothing was read yet, so there is no hit rate: None. A rate of 0 would say that every read failed."""
    return actual == 0


@mistake("test_cache_report_evicted")
def expired_for_evicted(actual, redis):
    """This is the number of keys that expired: their time was over. Evicted keys had time left, but Redis had no
    memory left for them."""
    return actual == redis.info("stats")["expired_keys"]


@mistake("test_cache_report_full")
def full_without_a_limit(actual, expected, redis):
    """maxmemory is 0: there is no limit, so nothing can be said of how full it is. That is None."""
    return expected is None and isinstance(actual, (int, float)) and redis.config_get("maxmemory")["maxmemory"] == "0"


@mistake("test_cache_report_full")
def memory_upside_down(actual, memory):
    """The ratio is upside down. What is used, divided by what may be used, lies between 0 and 1."""
    return near(actual, memory["maxmemory"] / memory["used_memory"])


@mistake("test_cache_report_full")
def most_that_was_ever_used(actual, memory):
    """This is the most that was ever in use (used_memory_peak), as a share of the limit. What is in use now is
    used_memory."""
    limit, used, peak = (memory[name] for name in ("maxmemory", "used_memory", "used_memory_peak"))
    return limit and peak > used * 1.2 and near(actual, peak / limit)


@mistake("test_cache_report_full")
def megabytes_by_bytes(actual, memory):
    """This is the figure of used_memory_human, {human}, divided by bytes. That one is for people to read, with a unit at its
    end; used_memory is in bytes, as maxmemory is."""
    human = str(memory["used_memory_human"])
    number = re.match(r"[\d.]+", human)
    return number and memory["maxmemory"] and near(actual, float(number[0]) / memory["maxmemory"]) and {"human": human}


@mistake("test_cache_report_full")
def free_share(actual, memory):
    """This is the share that is free."""
    return near(actual, 1 - memory["used_memory"] / memory["maxmemory"])


@mistake("test_sell_decides_each_order")
def taken_without_a_look(seen, redis, tea, rice, salt):
    """Six DECRBY were sent, one for each order, and nothing looked first: stock:{product} is {left} now. Decide first, and take
    only if enough is left. A script does both in one step."""
    left = {one: redis.get(f"stock:{one}") or "0" for one in (tea, rice, salt)}
    below = [one for one in left if left[one].startswith("-")]
    blind = seen["decrby"] == 6 and not any(seen[name] for name in ("get", "mget", "eval", "evalsha", "incrby"))
    return blind and below and {"product": below[0], "left": left[below[0]]}


@mistake("test_sell_decides_each_order")
def first_number_for_all(actual, redis, tea, rice):
    """An order of 10 was carried out, and 9 pieces were taken: as many as the first order asked for. If one script gets
    all orders, each takes its own number: ARGV[i] beside KEYS[i]."""
    is_so = actual == [True, True] + 4 * [False]
    return is_so and redis.mget(f"stock:{tea}", f"stock:{rice}") == ["3", "0"]


@mistake("test_sell_decides_each_order")
def compared_as_texts(actual, redis, tea):
    """12 pieces were left and 9 were asked for, and the order was refused. What GET and ARGV hold is text, and as text
    "12" is less than "9": tonumber(…) makes numbers of them."""
    is_so = isinstance(actual, list) and actual[:3] == [False, True, False]
    return is_so and redis.get(f"stock:{tea}") == "12"


@mistake("test_sell_decides_each_order")
def all_decided_before_the_first(actual, redis, tea):
    """12 pieces were there, one order took 9, and the next one that asked for 4 was told that it has them. Each order must
    be decided by what the ones before it have left, so it has to be decided where it is carried out: in Redis."""
    left = redis.get(f"stock:{tea}") or ""
    return actual == [True, False, True, True, False, True] and left.startswith("-")


@mistake("test_sell_decides_each_order")
def one_piece_for_each_order(actual, redis, tea):
    """12 pieces were there, an order of 9 was carried out, one of 4 too, and {left} are left. DECR takes one; DECRBY takes as
    many as you say."""
    left = redis.get(f"stock:{tea}")
    return actual == [True, False, True, True, False, True] and left == "9" and {"left": left}


@mistake("test_sell_decides_each_order")
def executed_without_the_pipe(actual, seen):
    """The list is empty, and each call of the script made a trip of its own: its answer came at once, and was not kept.
    If you fill a pipeline, the script goes into it with client=pipe."""
    return actual == [] and seen["evalsha"] + seen["eval"] >= 6 and seen.round_trips >= 6


@mistake("test_sell_decides_each_order")
def taken_before_it_was_decided(actual, seen):
    """The pieces of each order were taken first, and put back if there were too few. So the orders after a refused one
    found fewer pieces than there were. Decide before you take, in a script."""
    return isinstance(actual, list) and seen["decrby"] > 2 and seen["incrby"] + seen["decrby"] > 6


@mistake("test_sell_decides_each_order")
def the_last_pieces_not_sold(actual, seen, redis, rice):
    """9 pieces were left and 9 were asked for, and the order was refused. As many as there are can be had: < and not
    <=."""
    is_refused = actual == [True] + 5 * [False] and redis.get(f"stock:{rice}") == "9"
    return is_refused and seen["decrby"] + seen["set"] == 1


@mistake("test_sell_decides_each_order")
def none_for_refused(actual):
    """None came back for an order. A script's `false` arrives as None, its numbers as numbers. True or False was
    promised: bool(…), or compare."""
    return isinstance(actual, list) and None in actual


@mistake("test_sell_decides_each_order")
def none_left_taken_for_refused(actual, redis, rice):
    """9 pieces were left, an order took them, and it was told that it was refused. The script returned what is left, 0,
    and bool(0) is False."""
    return actual == [True] + 5 * [False] and redis.get(f"stock:{rice}") == "0"


@mistake("test_sell_decides_each_order")
def argument_that_did_not_come(error, redis, tea):
    """The script failed at the first order, and its product is there: so it is no missing product that is nil. KEYS and ARGV
    count from 1; keys=[…] fills the one and args=[…] the other. The message shows what was sent.
    """
    is_nil = error.type == "ResponseError" and re.search(r"attempt to compare .*\bnil\b", error.message)
    return is_nil and redis.get(f"stock:{tea}") == "12"


@mistake("test_sell_decides_each_order")
def a_product_that_is_not_there(error):
    """In Lua, GET of a missing key is false, and tonumber(false) is nil. Neither can be compared with a number: `or 0`
    turns both into 0.
    """
    return error.type == "ResponseError" and re.search(r"attempt to compare .*\b(?:nil|boolean)\b", error.message)


@mistake("test_sell_decides_each_order")
def text_and_number_in_lua(error):
    """In Lua too, text cannot be compared with a number. What GET and ARGV hold is text: tonumber(…) makes a number of
    it."""
    return error.type == "ResponseError" and re.search(r"attempt to compare .*\bstring\b", error.message)


@mistake("test_sell_in_one_trip")
def trip_for_each_order(seen, orders):
    """Each order makes a trip of its own. The calls of the script go into a pipeline as any command does; execute it
    once, after the loop."""
    return seen.round_trips >= len(orders) and seen["eval"] + seen["evalsha"] >= len(orders)


@mistake("test_sell_in_one_trip")
def looked_before_each_order(seen, orders):
    """There were {trips} trips for {orders} orders: a look at each, and then its change{watch}. A script looks and changes in one
    step, inside Redis, and its calls go together in one pipeline."""
    is_so = seen.round_trips >= len(orders) and not seen["eval"] + seen["evalsha"] and seen["get"] >= len(orders)
    watch = ", with WATCH around them" if seen["watch"] else ""
    return is_so and {"trips": seen.round_trips, "orders": len(orders), "watch": watch}


@mistake("test_sell_in_one_trip")
def looked_before_selling(seen, orders):
    """There were {trips} trips: one to look or to put right, another to sell. In between another customer may buy the
    same pieces. A script looks and sells in one step, so one trip is enough."""
    return 1 < seen.round_trips < len(orders) and {"trips": seen.round_trips}


@mistake("test_sell_in_one_trip")
def the_text_with_each_order(seen):
    """EVAL was sent {times} times, each time with the whole text of the script. r.register_script(…) sends the text
    once and calls it by its checksum from then on (EVALSHA), in a pipeline too: client=pipe.
    """
    return seen["eval"] > 1 and {"times": seen["eval"]}
