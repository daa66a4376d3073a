"""What goes wrong in lesson 13. Looked through after a check has failed, from the top; the first that holds is the
hint."""

import json

from workshop.grader import mistake


def parsed(text):
    """The JSON in a text; None if it is not JSON."""
    try:
        return json.loads(text)
    except ValueError:
        return None


@mistake("fields_of")
def text_in_place_of_a_hash(actual, key):
    """The key {key} holds a string. Text such as JSON is read and written whole; a hash has fields, and HSET makes
    it."""
    return {"key": key} if actual == "string" else False


@mistake("fields_of")
def stored_under_another_key(actual, redis, key):
    """There is no key {key} in Redis after the call, but there is {others}."""
    others = [other for other in redis.keys("*") if key.partition(":")[2] in other]
    return {"key": key, "others": ", ".join(sorted(others))} if actual == "none" and others else False


@mistake("test_save_profile_stores_fields")
def empty_values_not_written(actual, changes):
    """A field whose value is "" was not written. An empty string is a value too: write it like any other."""
    return actual == {field: value for field, value in changes.items() if value}


@mistake("test_save_profile_stores_fields")
def all_in_one_field(actual, changes):
    """All entries went into one field, {field}, as JSON. A hash has a field for each: then one can be read or changed without the others.
    HSET takes a dict with mapping=…."""
    fields = list(actual) if isinstance(actual, dict) else []
    is_so = len(fields) == 1 and parsed(actual[fields[0]]) == changes
    return is_so and {"field": fields[0]}


@mistake("test_save_profile_keeps_the_others")
def the_old_value_stays(actual, before, changes):
    """The field {field} was given a new value, and the old one is still there. HSETNX writes only fields that are not
    there yet; HSET writes in any case."""
    kept = [
        field
        for field in changes
        if field in before and isinstance(actual, dict) and actual.get(field) == before[field]
    ]
    return {"field": kept[0]} if kept else False


@mistake("test_save_profile_keeps_the_others")
def deleted_and_written_anew(actual, before):
    """The field {field} is gone, and the call did not name it. HSET leaves such fields alone; no DEL is needed before
    it."""
    gone = [field for field in before if field not in actual] if isinstance(actual, dict) else []
    return {"field": gone[0]} if gone else False


@mistake("test_save_profile_loses_no_change")
def the_whole_profile_written_back(actual, mine):
    """Someone else changed `email` while the call changed `city`, and the old `email` was written back. Write only the
    fields that were given: a profile that was read before can be out of date."""
    return actual == mine


@mistake("test_save_profile_in_one_round_trip")
def one_hset_for_each_field(seen):
    """HSET was sent {times} times, and each waited for its answer. One HSET writes a whole dict: mapping=…."""
    return {"times": seen["hset"]} if seen["hset"] > 1 and seen.round_trips > 1 else False


@mistake("test_save_profile_in_one_round_trip")
def asked_before_hset(seen):
    """One HSET is enough: it makes the key if it is not there, and leaves the fields alone that it does not name.
    Nothing has to be asked before."""
    return seen["hset"] == 1 and seen.round_trips > 1


@mistake("test_load_profile_returns_all_fields")
def empty_fields_dropped(actual, profile):
    """A field whose value is "" is missing in the dict. An empty string is a value too."""
    return actual == {field: value for field, value in profile.items() if value}


@mistake("test_load_profile_returns_all_fields")
def asked_for_another_key(actual, seen, user):
    """{sent} was sent, and the user is in the key user:{user}."""
    others = [line for line in seen.sent if len(line.split()) == 2 and line.split()[1] != f"user:{user}"]
    return actual is None and others and {"sent": others[0], "user": user}


@mistake("test_load_profile_returns_all_fields")
def a_user_taken_for_a_stranger(actual, seen, user):
    """The user is there, Redis sent the fields, and None came back. A user need not have this field or that one: there is
    no such user only if there are no fields at all."""
    return actual is None and seen.sent == [f"HGETALL user:{user}"]


@mistake("test_load_profile_is_none_for_a_stranger")
def a_stranger_taken_for_present(actual, seen):
    """There is no such user, and the function returned {}. HGETALL returns {} for a key that is not there, and {} is
    not None: a test for None does not notice it."""
    return actual == {} and seen["hgetall"]


@mistake("test_load_profile_is_none_for_a_stranger")
def an_empty_dict_for_none(actual):
    """There is no such user, and {} came back. None was promised, and {} is not None."""
    return actual == {}


@mistake("test_load_profile_reads_in_one_step")
def looked_at_before_reading(actual, profile, at):
    """The user was deleted, or lost a field, between two of your commands, and what came back is neither the profile
    from before nor what was there after. Read once, and decide by what came."""
    return at > 1 and isinstance(actual, dict) and actual != profile


@mistake("test_email_of_returns_it")
def another_key_or_field(actual, expected, seen, user, email):
    """{sent} was sent, and the address is in the key user:{user}, in the field email."""
    sent = [line for line in seen.sent if line.split()[0].upper() in ("HGET", "HMGET")]
    is_other = len(sent) == 1 and sent[0].split()[1:] != [f"user:{user}", "email"]
    return expected == email and actual is None and is_other and {"sent": sent[0], "user": user}


@mistake("test_email_of_returns_it")
def none_as_a_text(actual):
    """The function returned the text 'None'. HGET returns None for a field that is not there: return it as it is,
    without making a string of it."""
    return actual == "None"


@mistake("test_email_of_returns_it")
def no_address_for_an_empty_one(actual, expected):
    """The field is there, and its value is "". An empty string counts as false for `or` and `if`; a missing field is
    None, and only that."""
    return expected == "" and actual is None


@mistake("test_email_of_returns_it")
def a_list_for_the_address(actual, expected):
    """A list with the address came back. HMGET returns a list, also for a single field; HGET returns the value."""
    return isinstance(actual, list) and actual == [expected]


@mistake("test_email_of_fetches_one_field")
def hgetall_for_one_field(actual):
    """Redis sent {actual} bytes: the whole profile, to use one field of it. HGETALL sends everything, O(n); HGET reads
    one field."""
    return isinstance(actual, int) and actual > 20_000 and {"actual": actual}  # two hundred fields of 100 characters


@mistake("test_read_fields_reads")
def values_without_names(actual):
    """A list came back, not a dict. HMGET returns the values alone, in the order of the fields that were asked for:
    dict(zip(names, values)) puts names and values together."""
    return isinstance(actual, list)


@mistake("test_read_fields_reads", "test_read_fields_takes_empty_as_a_value")
def values_with_other_names(actual, expected):
    """The value of one field came back under the name of another, {name}. HMGET returns its values in the order of the
    fields that it was given: put them together with the names in just this order."""
    odd = (
        [name for name, value in expected.items() if name in actual and actual[name] != value]
        if isinstance(actual, dict) and isinstance(expected, dict)
        else []
    )
    strange = [name for name in odd if actual[name] in expected.values()]
    return {"name": strange[0]} if strange and len(odd) > 1 else False


@mistake("test_read_fields_reads")
def none_for_missing_fields(actual):
    """A field that is not there came back as None. HMGET returns None for it: leave it out of the dict."""
    return isinstance(actual, dict) and None in actual.values()


@mistake("test_read_fields_takes_empty_as_a_value")
def empty_taken_for_missing(actual, empty):
    """A field was left out that is there, with the value "". An empty string counts as false for `if value`; a missing
    field is None, and only that."""
    return isinstance(actual, dict) and empty not in actual


@mistake("test_read_fields_takes_an_empty_list")
def nothing_to_ask_for(error):
    """The list was empty, and Redis refuses a command that names no field. Test for an empty list first; then Redis
    need not be asked at all."""
    return "wrong number of arguments" in error.message


@mistake("test_read_fields_asks_once")
def the_whole_profile_fetched(actual):
    """Redis sent {actual} bytes: the whole profile, to find some fields in it. HMGET fetches only the fields that it
    names."""
    return isinstance(actual, int) and actual > 20_000 and {"actual": actual}  # two hundred others of 100 characters


@mistake("test_read_fields_asks_once")
def one_hget_for_each_field(seen):
    """HGET was sent {times} times, and each waited for its answer. HMGET reads many fields at once."""
    return {"times": seen["hget"]} if seen["hget"] > 1 and seen.round_trips > 1 else False


@mistake("test_read_fields_asks_once")
def asked_before_hmget(seen):
    """One HMGET is enough: it returns None for a field that is missing, also if the whole user is. Nothing has to be
    asked before."""
    return seen["hmget"] == 1 and seen.round_trips > 1


@mistake("test_add_to_cart_counts")
def strings_added_as_text(actual, first, second):
    """The pieces were added as strings: '{first}' + '{second}' is '{first}{second}'. HINCRBY adds numbers."""
    return {"first": first, "second": second} if str(actual) == f"{first}{second}" else False


@mistake("expect_whole")
def a_float_for_a_whole_number(number, total):
    """Pieces are a whole number, an int, and {number} is a float. HINCRBY returns an int, and int(…) makes one of a
    text; HINCRBYFLOAT and float(…) make floats."""
    return {"number": number} if isinstance(number, float) and number == total else False


@mistake("expect_whole")
def a_text_for_a_whole_number(number, total):
    """The number came back as a string, {number} in quotes. What HGET and HVALS return is text: int(…) makes a number
    of it. HINCRBY returns a number by itself.
    """
    return isinstance(number, str) and number == str(total) and {"number": number}


@mistake("test_add_to_cart_counts")
def user_and_product_swapped(redis, user, product):
    """Redis has a hash cart:{product} with a field {user} now: the wrong way round. The key has the user's name in it,
    and the product is the field."""
    key = f"cart:{product}"
    return redis.type(key) == "hash" and redis.hexists(key, user) and {"product": product, "user": user}


@mistake("test_add_to_cart_counts", "expect_whole")
def the_number_of_new_fields(number, redis, key, product, first):
    """The cart has {first} pieces of it, and {number} came back. HSET returns how many fields were new. HINCRBY adds the
    pieces, and returns how many there are now."""
    is_new = type(number) is int and number == 1 and redis.hget(key, product) == str(first)
    return is_new and {"first": first, "number": number}


@mistake("test_add_to_cart_counts")
def one_piece_for_all(redis, key, product, first):
    """{first} pieces were to be put into the cart, and 1 is in it. HINCRBY adds the number that it is given."""
    return redis.hget(key, product) == "1" and {"first": first}


@mistake("test_add_to_cart_counts", "expect_whole")
def the_new_pieces_for_all(number, first, second):
    """{first} pieces were put in before and {number} now: {total} should have come back, and {number} did. HINCRBY adds
    to what is there, and returns how many there are then."""
    return number == second and {"number": number, "first": first, "total": first + second}


@mistake("test_add_to_cart_loses_none")
def the_first_pieces_written_by_hset(actual, had, count):
    """Two devices put the first pieces of a product into the cart, and those of the other one were lost. HINCRBY
    begins with 0 by itself: there is no need to look first."""
    return not had and actual == str(count)


@mistake("test_add_to_cart_loses_none")
def a_count_by_hget_and_hset(actual, had, count, seen):
    """Between reading and writing, someone else added pieces, and these were lost. HINCRBY reads and writes in one
    step."""
    return bool(seen) and actual == str(had + count)


@mistake("test_add_to_cart_loses_none")
def read_after_hincrby(mine, pieces, had, count, seen):
    """The other device added one more after yours, and the number that came back counts it too. HINCRBY itself returns
    the number that your pieces made; an HGET after it can be late."""
    return seen == [str(had + count)] and str(mine) == pieces


@mistake("test_add_to_cart_loses_none")
def the_look_before_added_to(mine, pieces, had, count):
    """The other device added one before yours, and the number that came back, {mine}, does not count it: the cart never
    had so many. A look before can be out of date. HINCRBY returns the number that your pieces made."""
    return mine == had + count and pieces == str(had + count + 1) and {"mine": mine}


@mistake("test_pieces_in_cart_adds_numbers")
def pieces_put_one_behind_the_other(actual, counts):
    """The pieces were joined as strings, one behind the other. A hash holds text: int(…) makes a number of each."""
    return sorted(str(actual)) == sorted("".join(map(str, counts)))


@mistake("test_pieces_in_cart_adds_numbers")
def equal_numbers_counted_once(actual, counts):
    """Two products have {number} pieces each, and these were counted once. A set, or a dict with the numbers as keys,
    holds each number once: add up a list."""
    return actual == sum(set(counts)) and {"number": counts[0]}


@mistake("test_pieces_in_cart_adds_numbers")
def one_product_for_all(actual, counts):
    """{actual} is the number of pieces of one product. Begin with 0 before the loop, and add to it in each turn: `+=`."""
    return type(actual) is int and actual in counts and {"actual": actual}


@mistake("test_pieces_in_cart_adds_numbers")
def names_for_numbers(error, redis, user):
    """int(…) was given {name}, which is the name of a product: a loop over a dict goes through its keys. The numbers are in
    its values(), and HVALS brings only these."""
    names = [name for name in redis.hkeys(f"cart:{user}") if error.message.endswith(f": '{name}'")]
    return error.type == "ValueError" and names and {"name": names[0]}


@mistake("test_pieces_in_cart_adds_numbers")
def products_counted(actual, counts):
    """That is the number of products: HLEN counts fields. Return the sum of their values."""
    return actual == len(counts)


@mistake("test_pieces_in_cart_asks_once")
def one_hget_for_each_product(seen):
    """HGET was sent {times} times, and each waited for its answer. HVALS brings all values at once."""
    return {"times": seen["hget"]} if seen["hget"] > 1 and seen.round_trips > 1 else False


@mistake("test_pieces_in_cart_asks_once")
def asked_before_hvals(seen):
    """One question is enough: HVALS returns an empty list if there is no cart, and the sum of that is 0."""
    return seen["hvals"] + seen["hgetall"] == 1 and seen.round_trips > 1


@mistake("test_claim_name_gives_it_to_the_first")
def taken_from_the_first(actual, second):
    """The second who asked took the name from the first: HSET writes over what is there. HSETNX does not."""
    return actual == second


@mistake("test_claim_name_gives_it_to_the_first")
def name_and_user_swapped(actual, name, first):
    """The hash `names` has the field {first} with the value {name}: the wrong way round. HSETNX takes the key, then the
    field, and then the value."""
    return actual == {first: name} and {"first": first, "name": name}


@mistake("test_claim_name_gives_it_to_the_first")
def false_for_a_free_name(redis, name, first, is_theirs, expected):
    """The name was free and is theirs now, and False came back. HSETNX returns 1 if it wrote, and 0 if the field was there
    already."""
    return expected is True and is_theirs is False and redis.hget("names", name) == first


@mistake("test_claim_name_gives_it_to_the_first")
def true_for_a_name_that_is_taken(redis, name, first, is_theirs, expected):
    """The name is another's and stays theirs, and the function returned True. HSETNX itself tells whether it wrote."""
    return expected is False and is_theirs is True and redis.hget("names", name) == first


@mistake("test_claim_name_gives_it_to_the_first")
def the_owner_asked_for_in_place_of_the_answer(once_more):
    """The name was theirs already, so it was not free: that is False. HSETNX itself tells whether it was free; a look
    at the owner does not."""
    return once_more is True


@mistake("test_claim_name_in_one_step")
def looked_at_before_hset(owner, is_mine, is_theirs, mine):
    """Someone else got the name a moment before, and {result}. HSETNX looks and writes in one step."""
    results = {"it was taken from them": owner == mine, "both were told that it is theirs": bool(is_mine)}
    return next(({"result": result} for result, holds in results.items() if holds and is_theirs == [1]), False)


@mistake("test_claim_name_in_one_step", "test_reserve_tries_again")
def given_up_at_a_watch_error(actual, passed):
    """Someone else changed another field at that moment, and the function gave up. WATCH watches a key, which here is the
    whole hash, so the transaction was not run: read again, and try again, until it is."""
    has_watched = any(words[0].upper() == "WATCH" for words in passed.commands)
    return has_watched and isinstance(actual, tuple) and False in actual


@mistake("test_log_in_stores_the_token")
def seconds_for_a_mapping(error):
    """hsetex takes the key, a field, its value, and then a mapping of more fields: the seconds came to that place. Give
    them by their name: ex=seconds."""
    is_number = error.type == "AttributeError" and error.message.startswith("'int' object has no attribute")
    return is_number and "hsetex" in (error.source or "")


@mistake("test_log_in_stores_the_token")
def a_token_in_quotes(actual, token):
    """The field `session` holds {stored}, which is more than the token. Store the token as it is: a string needs no
    JSON.
    """
    stored = actual.get("session", "") if isinstance(actual, dict) else ""
    return {"stored": stored} if token in stored and token != stored else False


@mistake("expect_session", "test_log_in_ends_the_session_alone")
def the_whole_user_ends(redis, key):
    """The whole user expires now, name and all: EXPIRE is for a key. A field gets its own time to live with HEXPIRE or
    HSETEX.
    """
    return redis.ttl(key) > 0


@mistake("expect_session")
def the_session_in_milliseconds(left, seconds):
    """The session should live for {seconds} s, and lives for {left} s: `ex` counts seconds, `px` milliseconds."""
    return 0 <= left <= seconds / 1000 + 0.1 and {"seconds": seconds, "left": f"{left:.2f}"}


@mistake("expect_session")
def the_session_never_ends(end):
    """The session never ends. HSET writes a field without a time to live, and takes away the one that it had; HSETEX
    writes the field and its time to live.
    """
    return end == -1


@mistake("test_log_in_begins_anew", "expect_session")
def the_old_end_kept(old, end, until, left):
    """The user has logged in again, and the session still has the time that was left before, {left} s. A new login has
    the whole time: no condition such as nx or keepttl."""
    return old and 0 < end <= until + 100_000 and {"left": round(left)}


@mistake("test_log_in_ends_the_session_alone")
def every_field_ends(actual, ends, fields):
    """The field `{field}` of the user ends at another time than before. Name only `session` to HEXPIRE or HSETEX."""
    now = actual if isinstance(actual, list) else ends
    changed = [field for field, before, after in zip(fields, ends, now, strict=True) if before != after]
    return {"field": changed[0]} if changed else False


@mistake("test_log_in_begins_anew")
def the_old_token_stays(actual, old):
    """The user has logged in again, and the token is still the old one. HSETNX writes nothing if the field is
    there."""
    return actual == old


@mistake("test_log_in_never_without_an_end")
def hset_and_then_hexpire(ends):
    """For a moment the session was there without a time to live. If the program stops just then, it stays for ever.
    HSETEX writes both in one step, and so does a transaction.
    """
    return -1 in ends


@mistake("test_reserve_moves_the_pieces")
def the_cart_written_over(actual, expected, tea, there, count):
    """There were {there} pieces of it in the cart already, and now there are {count}: they were written over. HINCRBY adds
    to what is there."""
    cart = actual[1] if isinstance(expected, list) else {}
    return there != count and cart.get(tea) == str(count) and {"there": there, "count": count}


@mistake("test_reserve_moves_the_pieces")
def nothing_taken_from_the_stock(actual, expected, tea, there, count):
    """The pieces are in the cart, and the stock still has as many as before. HINCRBY with a negative number takes them
    out of it."""
    is_in_cart = isinstance(expected, list) and actual[1].get(tea) == str(there + count)
    return is_in_cart and actual[0].get(tea) == str(3 * count)


@mistake("test_reserve_moves_the_pieces")
def the_last_pieces_refused(actual, redis, tea, count):
    """The stock has just as many pieces as were asked for, and False came back. As many as there are can be had: >= and
    not >."""
    return actual is False and redis.hget("stock", tea) == str(2 * count)


@mistake("test_reserve_refuses")
def a_product_that_is_not_there(error, product, tea):
    """The product is not in the stock: HGET returns None for it, and Python cannot calculate or compare with None.
    `or 0` makes 0 of None."""
    return product != tea and error.type == "TypeError" and "NoneType" in error.message


@mistake("test_reserve_refuses")
def more_taken_than_there_are(actual, expected, product, count):
    """{count} pieces were taken, and there were fewer: the stock says {left} now. Compare before you take, and compare
    numbers: HGET returns text, and as text "9" is more than "11"."""
    left = actual[0].get(product, "") if isinstance(expected, list) else ""
    return left.startswith("-") and {"left": left, "count": count}


@mistake("test_reserve_in_one_step")
def taken_and_put_back(actual, looks):
    """For a moment the stock was below 0, or the cart had pieces that are not there: they were taken first and put back
    later, and another customer may see it. Decide first, in the same step: WATCH or a script."""
    return actual in looks and any(pieces.startswith("-") for pieces in actual[0].values())


@mistake("test_reserve_in_one_step")
def half_of_it_seen(actual, looks):
    """Someone looked between two commands and saw stock and cart as {actual}: the pieces in both places, or in none.
    If the program stops just then, it stays like that. Both changes belong in one transaction.
    """
    return actual in looks and {"actual": actual}


@mistake("test_reserve_in_one_step")
def another_key_watched(actual, passed, count):
    """The function watches {keys}, and looks at `stock`: another customer bought one after the look, and {count} pieces
    were sold that were not there. WATCH notices changes of the keys that it names, and of no others."""
    watched = [key for words in passed.commands if words[0].upper() == "WATCH" for key in words[1:]]
    is_sold = isinstance(actual, tuple) and actual[1] is True
    return is_sold and watched and "stock" not in watched and {"keys": ", ".join(watched[:2]), "count": count}


@mistake("test_reserve_in_one_step")
def the_same_pieces_sold_twice(actual, count):
    """Another customer bought one between your look and your change, and then {count} pieces were sold that were not
    there. WATCH before the look: then the transaction is not run if the stock has changed since. (A lock helps only
    against those who take it too.)"""
    return isinstance(actual, tuple) and actual[1] is True and {"count": count}
