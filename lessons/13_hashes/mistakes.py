"""What goes wrong in lesson 13. Looked through after a check has failed, from the top; the first that holds is the
hint."""

from workshop.grader import mistake


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
    """A field whose value is "" is missing in the dict. An empty text is a value too."""
    return actual == {field: value for field, value in profile.items() if value}


@mistake("test_load_profile_is_none_for_a_stranger")
def a_stranger_taken_for_present(actual):
    """There is no such user, and the function returned {}. HGETALL returns {} for a key that is not there, and {} is
    not None: a test for None does not notice it."""
    return actual == {}


@mistake("test_load_profile_reads_in_one_step")
def looked_at_before_reading(actual, profile, moments):
    """The user was deleted between two of your commands, and what came back is neither the profile nor None. Read
    once, and decide by what came."""
    return len(moments) > 1 and isinstance(actual, dict) and actual != profile


@mistake("test_email_of_returns_it")
def none_as_a_text(actual):
    """The function returned the text 'None'. HGET returns None for a field that is not there: return it as it is,
    without making a text of it."""
    return actual == "None"


@mistake("test_email_of_returns_it")
def no_address_for_an_empty_one(actual, expected):
    """The field is there, and its value is "". An empty text counts as false for `or` and `if`; a missing field is
    None, and only that."""
    return expected == "" and actual is None


@mistake("test_email_of_fetches_one_field")
def hgetall_for_one_field(actual):
    """All three hundred fields were read, to use one: {command} costs O(n) and sends everything. HGET reads one
    field."""
    return {"command": actual[0]} if isinstance(actual, list) and actual else False


@mistake("test_read_fields_reads")
def none_for_missing_fields(actual):
    """A field that is not there came back as None. HMGET answers None for it: leave it out of the dict."""
    return isinstance(actual, dict) and None in actual.values()


@mistake("test_read_fields_takes_empty_as_a_value")
def empty_taken_for_missing(actual, empty):
    """A field was left out that is there, with the value "". An empty text counts as false for `if value`; a missing
    field is None, and only that."""
    return isinstance(actual, dict) and empty not in actual


@mistake("test_read_fields_takes_an_empty_list")
def nothing_to_ask_for(error):
    """The list was empty, and Redis refuses a command that names no field. Test for an empty list first; then Redis
    need not be asked at all."""
    return "wrong number of arguments" in error.message


@mistake("test_read_fields_asks_once")
def the_whole_profile_fetched(seen, WALKS):
    """The whole profile was fetched to find some fields in it. HMGET fetches only the fields that it names."""
    return any(seen[name] for name in WALKS)


@mistake("test_read_fields_asks_once")
def one_hget_for_each_field(seen):
    """HGET was sent {times} times, and each waited for its answer. HMGET reads many fields at once."""
    return {"times": seen["hget"]} if seen["hget"] > 1 and seen.round_trips > 1 else False


@mistake("test_read_fields_asks_once")
def asked_before_hmget(seen):
    """One HMGET is enough: it answers None for a field that is missing, also if the whole user is. Nothing has to be
    asked before."""
    return seen["hmget"] == 1 and seen.round_trips > 1


@mistake("test_add_to_cart_counts")
def strings_added_as_text(actual, first, second):
    """The pieces were added as texts: '{first}' + '{second}' is '{first}{second}'. HINCRBY adds numbers."""
    return {"first": first, "second": second} if str(actual) == f"{first}{second}" else False


@mistake("expect_whole")
def a_float_for_a_whole_number(number, total):
    """Pieces are a whole number, an int, and {number} is a float. HINCRBY returns an int, and int(…) makes one of a
    text; HINCRBYFLOAT and float(…) make floats."""
    return {"number": number} if isinstance(number, float) and number == total else False


@mistake("test_add_to_cart_counts")
def a_cart_that_answers_nothing(actual):
    """The function returned None. It should return how many pieces of the product there are now: HINCRBY itself
    returns that number."""
    return actual is None


@mistake("test_add_to_cart_loses_none")
def the_first_pieces_written_by_hset(actual, new, count):
    """Two devices put the first pieces of a product into the cart, and those of the other one were lost. HINCRBY
    begins with 0 by itself: there is no need to look first."""
    return actual == str(count)


@mistake("test_add_to_cart_loses_none")
def a_count_by_hget_and_hset(actual, expected):
    """Between reading and writing, someone else added pieces, and these were lost. HINCRBY reads and writes in one
    step."""
    return str(actual).isdigit() and str(expected).isdigit() and int(actual) < int(expected)


@mistake("test_add_to_cart_loses_none")
def read_after_hincrby(actual, theirs):
    """The other device added one more after yours, and the number that came back counts it too. HINCRBY itself returns
    the number that your pieces made; an HGET after it can be late."""
    return actual in theirs


@mistake("test_pieces_in_cart_adds_numbers")
def pieces_put_one_behind_the_other(actual, counts):
    """The pieces were joined as texts, one behind the other. A hash holds text: int(…) makes a number of each."""
    return sorted(str(actual)) == sorted("".join(map(str, counts)))


@mistake("test_pieces_in_cart_adds_numbers")
def products_counted(actual, counts):
    """That is the number of products: HLEN counts fields. Return the sum of their values."""
    return actual == len(counts)


@mistake("test_pieces_in_cart_is_zero_without_a_cart")
def nothing_for_no_cart(actual):
    """The function returned None. Nothing is in a cart that is not there: that is the number 0."""
    return actual is None


@mistake("test_pieces_in_cart_asks_once")
def one_hget_for_each_product(seen):
    """HGET was sent {times} times, and each waited for its answer. HVALS brings all values at once."""
    return {"times": seen["hget"]} if seen["hget"] > 1 and seen.round_trips > 1 else False


@mistake("test_pieces_in_cart_asks_once")
def asked_before_hvals(seen):
    """One question is enough: HVALS answers with an empty list if there is no cart, and the sum of that is 0."""
    return seen["hvals"] + seen["hgetall"] == 1 and seen.round_trips > 1


@mistake("test_claim_name_gives_it_to_the_first")
def a_number_for_true(actual, expected):
    """The function returned the number {number}. True or False was promised: bool(…) makes True of 1 and False of
    0."""
    return {"number": actual} if type(actual) is int and actual == expected else False


@mistake("test_claim_name_gives_it_to_the_first")
def taken_from_the_first(actual, second):
    """The second who asked took the name from the first: HSET writes over what is there. HSETNX does not."""
    return actual == second


@mistake("test_claim_name_gives_it_to_the_first")
def the_owner_asked_for_in_place_of_the_answer(once_more):
    """The name was theirs already, so it was not free: that is False. HSETNX itself tells whether it was free; a look
    at the owner does not."""
    return once_more is True


@mistake("test_claim_name_in_one_step")
def looked_at_before_hset(owner, is_mine, mine):
    """Someone else got the name a moment before, and {result}. HSETNX looks and writes in one step."""
    results = {"it was taken from them": owner == mine, "both were told that it is theirs": bool(is_mine)}
    return next(({"result": result} for result, holds in results.items() if holds), False)


@mistake("test_log_in_stores_the_token")
def a_token_in_quotes(actual, token):
    """The field `session` holds {stored}, which is more than the token. Store the token as it is: a text needs no
    JSON."""
    stored = actual.get("session", "") if isinstance(actual, dict) else ""
    return {"stored": stored} if token in stored and token != stored else False


@mistake("expect_session", "test_log_in_ends_the_session_alone")
def the_whole_user_ends(redis, key):
    """The whole user ends now, name and all: EXPIRE is for a key. A field gets its own end with HEXPIRE or HSETEX."""
    return redis.ttl(key) > 0


@mistake("expect_session")
def the_session_never_ends(end):
    """The session never ends. HSET writes a field without an end, and takes away the one that it had; HSETEX writes
    the field and its end."""
    return end == -1


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
    """For a moment the session was there without an end. If the program stops just then, it stays for ever. HSETEX
    writes both in one step, and so does a transaction."""
    return -1 in ends
