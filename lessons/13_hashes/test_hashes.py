"""Lesson 13: hashes, a key with fields that are read, written and counted each for itself."""

from workshop.outcomes import Mismatch

RACE = "Between reading and writing, someone else changed it, and that change was lost."
ASKED_OFTEN = "Each field travels for itself, and each waits for its answer."
WALKS = ("hgetall", "hvals", "hscan", "hkeys")


def now(redis):
    """Redis' clock in milliseconds."""
    seconds, micros = redis.time()
    return seconds * 1000 + micros // 1000


def fields_of(redis, key):
    """The fields of the hash at `key`. Raises Mismatch, with the cause, where there is none."""
    kind = redis.type(key)
    if kind == "hash":
        return redis.hgetall(key)
    hint = f"Under {key} there is a {kind}, not a hash."
    if kind == "none":
        hint = f"There is no key {key} in Redis after the call."
    elif kind == "string":
        hint = f"Under {key} there is a string. Text such as JSON is read and written whole; a hash has fields, and HSET makes it."
    raise Mismatch(hint, expected="a hash", actual="no such key" if kind == "none" else f"a {kind}")


def field_of(redis, key, field):
    """The field's value, or None where there is no such field or no hash."""
    return redis.hget(key, field) if redis.type(key) == "hash" else None


def end_of(redis, key, field):
    """When the field ends, in milliseconds on Redis' clock; -1 where it never does, -2 where there is no such field or no hash."""
    return redis.hpexpiretime(key, field)[0] if redis.type(key) == "hash" else -2


def expect_session(notebook, redis, key, seconds, since):
    """The field `session` was given `seconds` to live at some moment after `since` on Redis' clock."""
    fields_of(redis, key)
    end = end_of(redis, key, "session")
    whole = end == -1 and redis.ttl(key) != -1
    assert not whole, (
        "It is the whole user that ends now, name and all: EXPIRE is for a key. A field has its own: HEXPIRE, HSETEX."
    )
    assert end != -2, f"There is no field `session` in {key} after the call."
    assert end != -1, "The session never ends. HSET writes a field without an end, and takes away the one that it had."
    if not since - 1100 <= end - seconds * 1000 <= now(redis) + 100:  # HSETEX with EXAT knows whole seconds only
        notebook.expect(
            f"about {(end - now(redis)) / 1000:.1f} s left",
            f"{seconds} s",
            "The session does not last for the time that it was given at this login.",
        )


def test_save_profile_stores_fields(notebook, redis, some):
    """save_profile writes each entry as a field of its own"""
    user, changes = some.word(), {"name": some.spicy(), "city": some.text(), some.word(): ""}
    notebook.save_profile(user, changes)
    notebook.expect(
        fields_of(redis, f"user:{user}"),
        changes,
        "Each entry of the dict is one field, its text the value. HSET takes the dict as mapping=….",
    )


def test_save_profile_keeps_the_others(notebook, redis, some):
    """save_profile leaves all other fields as they are"""
    key, before = f"user:{(user := some.word())}", {name: some.text() for name in some.words(6)}
    redis.hset(key, mapping=before)
    changes = {next(iter(before)): some.spicy(), some.word(9): some.text()}
    notebook.save_profile(user, changes)
    hint = "Fields that the call does not name must stay. HSET leaves them alone; no DEL is needed before it."
    notebook.expect(fields_of(redis, key), before | changes, hint)


def test_save_profile_loses_no_change(notebook, redis, some):
    """save_profile loses no change that another program makes at the same moment"""
    key, theirs = f"user:{(user := some.word())}", some.spicy()
    redis.hset(key, mapping={"name": some.name(), "city": some.text(), "email": some.word()})
    with notebook.rival(lambda: redis.hset(key, "email", theirs)):
        notebook.save_profile(user, {"city": some.text()})
        email = fields_of(redis, key).get("email")
    hint = f"{RACE} They changed `email`, you `city`. Write only what was given; a profile that was read before is old by then."
    notebook.expect(email, theirs, hint)


def test_save_profile_in_one_round_trip(notebook, redis, some):
    """save_profile asks Redis once, however many fields there are"""
    user, changes = some.word(), {name: some.word() for name in some.words(30)}
    notebook.save_profile(user, changes)  # so that Redis knows the script, where there is one
    with notebook.counted() as seen:
        notebook.save_profile(user, changes)
    hint = f"{ASKED_OFTEN} HSET takes a whole dict: mapping=…."
    if seen["hset"] == 1:
        hint = "One HSET writes all of them, whether the user is there or not, and what others wrote stays: nothing has to be asked before."
    if seen.round_trips > 1:
        notebook.expect(f"{seen.round_trips} round trips ({seen})", "1 round trip", hint)


def test_load_profile_returns_all_fields(notebook, redis, some):
    """load_profile returns all fields of the user as a dict"""
    user, profile = (
        some.word(),
        {"name": some.spicy(), some.word(): "", **{name: some.text() for name in some.words(5, 9)}},
    )
    redis.hset(f"user:{user}", mapping=profile)
    notebook.expect(
        notebook.load_profile(user), profile, "A dict with each field and its text. Also an empty text is one."
    )


def test_load_profile_is_none_for_a_stranger(notebook, redis, some):
    """load_profile returns None where there is no such user"""
    redis.hset(f"user:{some.word()}", "name", some.name())
    hint = "There is no such user. HGETALL answers {} for a key that is not there, and {} is not None: who asks “is it None?” takes this user for present."
    notebook.expect(notebook.load_profile(some.word(9)), None, hint)


def test_load_profile_reads_in_one_step(notebook, redis, some):
    """load_profile returns all or None, also when the user is deleted at that moment"""
    key, profile = f"user:{(user := some.word())}", {name: some.text() for name in ("name", "email", "city")}
    redis.hset(key, mapping=profile)
    moments = []

    def deletes_at_the_second():
        moments.append(len(moments))
        if len(moments) == 2:
            redis.delete(key)

    with notebook.rival(deletes_at_the_second, before="every"):
        answer = notebook.load_profile(user)
    hint = "The user was deleted between two of your commands, and what came back is neither the profile nor None. Read once, and go by that answer."
    if answer is not None:
        notebook.expect(answer, profile, hint)


def test_email_of_returns_it(notebook, redis, some):
    """email_of returns the address, and None where there is no such field or user"""
    user, other = some.words(2)
    email = f"{some.word()}@{some.word()}.example"
    redis.hset(f"user:{user}", mapping={"name": some.name(), "email": email})
    redis.hset(f"user:{other}", "name", some.name())
    notebook.expect(notebook.email_of(user), email, "The text of the field `email`.")
    notebook.expect(
        notebook.email_of(other), None, "This user has no field `email`. HGET answers None for it; hand that on."
    )
    notebook.expect(notebook.email_of(some.word(9)), None, "There is no such user: that is None as well.")
    redis.hset(f"user:{user}", "email", "")
    empty = 'The field is there, and its value is "". An empty text counts as false for `or` and `if`; a missing field is None, and only that.'
    notebook.expect(notebook.email_of(user), "", empty)


def test_email_of_fetches_one_field(notebook, redis, some):
    """email_of fetches this one field, not the whole profile"""
    user = some.word()
    redis.hset(f"user:{user}", mapping={"email": some.word(), **{name: some.text() for name in some.words(300)}})
    with notebook.counted() as seen:
        notebook.email_of(user)
    hint = "All three hundred fields were read, to use one. HGETALL costs O(n) and sends everything; HGET reads one field."
    notebook.expect([name.upper() for name in WALKS if seen[name]], [], hint)


def test_read_fields_reads(notebook, redis, some):
    """read_fields returns the fields asked for, and leaves out what is not there"""
    user, (*names, one, other) = some.word(), some.words(8)
    profile = {name: some.spicy() for name in names}
    redis.hset(f"user:{user}", mapping=profile | {some.word(9): some.text()})
    wanted = some.shuffled([*names[:4], one, other])
    expected = {name: profile[name] for name in names[:4]}
    hint = "Only what was asked for, and only what is there. HMGET answers None for a field that is missing: leave it out."
    notebook.expect(notebook.read_fields(user, wanted), expected, hint)
    notebook.expect(
        notebook.read_fields(some.word(9), wanted),
        {},
        "There is no such user, so none of the fields: that is an empty dict.",
    )


def test_read_fields_takes_empty_as_a_value(notebook, redis, some):
    """read_fields takes "" and "0" for values, not for missing"""
    user, (empty, zero) = some.word(), some.words(2)
    redis.hset(f"user:{user}", mapping={empty: "", zero: "0"})
    hint = 'The field is there, and its value is "" or "0". An empty text counts as false for `if value`; a missing field is None, and only that.'
    notebook.expect(notebook.read_fields(user, [empty, zero]), {empty: "", zero: "0"}, hint)


def test_read_fields_takes_an_empty_list(notebook, redis, some):
    """read_fields of no fields is an empty dict"""
    user = some.word()
    redis.hset(f"user:{user}", "name", some.name())
    notebook.expect(
        notebook.read_fields(user, []),
        {},
        "With no names there is nothing to ask. Redis refuses an HMGET without fields.",
    )


def test_read_fields_asks_once(notebook, redis, some):
    """read_fields asks Redis once, for these fields only"""
    user, names = some.word(), some.words(40)
    redis.hset(f"user:{user}", mapping={name: some.word() for name in [*names, *some.words(200, 9)]})
    notebook.read_fields(user, names)  # so that Redis knows the script, where there is one
    with notebook.counted() as seen:
        notebook.read_fields(user, names)
    fetched = [name.upper() for name in WALKS if seen[name]]
    notebook.expect(fetched, [], "The whole profile was fetched to find some fields in it. HMGET fetches these alone.")
    hint = f"{ASKED_OFTEN} HMGET reads many fields at once."
    if seen["hmget"] == 1:
        hint = "One HMGET tells all: a field that is missing is None, also where the user is not there. Nothing has to be asked before."
    if seen.round_trips > 1:
        notebook.expect(f"{seen.round_trips} round trips ({seen})", "1 round trip", hint)


def test_add_to_cart_counts(notebook, redis, some):
    """add_to_cart counts each product for itself and returns its new number of pieces"""
    key, (product, other) = f"cart:{(user := some.word())}", some.words(2)
    first, second, there = some.number(2, 9), some.number(2, 9), some.number()
    redis.hset(key, other, there)
    answers = [notebook.add_to_cart(user, product, first), notebook.add_to_cart(user, product, second)]
    as_text = str(answers[1]) == f"{first}{second}"
    assert not as_text, (
        f"The pieces were added as texts: '{first}' + '{second}' is '{first}{second}'. HINCRBY adds numbers."
    )
    hint = "Each call returns the number of pieces of this product, with the new ones in it, as a number. HSET answers how many fields were new."
    notebook.expect(answers, [first, first + second], hint)
    hint = f"Pieces are a whole number, an int, and {answers[1]} is a float. HINCRBY answers an int; HINCRBYFLOAT and float(…) do not."
    assert not any(isinstance(answer, float) for answer in answers), hint
    expected = {product: str(first + second), other: str(there)}
    notebook.expect(fields_of(redis, key), expected, f"The cart is the hash {key}: one field for each product.")


def test_add_to_cart_loses_none(notebook, redis, some):
    """add_to_cart loses no piece when two add at once, and returns the number that its own made"""
    key, product = f"cart:{(user := some.word())}", some.word()
    before, count = some.number(2, 500), some.number(11, 99)
    redis.hset(key, product, before)
    theirs = []

    def adds_one():
        if redis.type(key) == "hash":
            theirs.append(redis.hincrby(key, product, 1))

    with notebook.rival(adds_one, before="every", times=3):
        mine = notebook.add_to_cart(user, product, count)
        total = fields_of(redis, key).get(product)
    notebook.expect(total, str(before + len(theirs) + count), f"{RACE} HINCRBY reads and writes in one step.")
    hint = "The other device added one more after yours, and that one is in the answer. HINCRBY's own answer is the number that your pieces made; an HGET after it may be late."
    assert mine not in theirs, hint
    new = some.word(12)
    with notebook.rival(lambda: redis.hincrby(key, new, 1)):
        notebook.add_to_cart(user, new, count)
        total = field_of(redis, key, new)
    first = "Both devices put the first piece of a product into the cart, and one was lost. HINCRBY begins with 0 by itself: nobody has to look first."
    notebook.expect(total, str(1 + count), first)


def test_pieces_in_cart_adds_numbers(notebook, redis, some):
    """pieces_in_cart returns the pieces of all products together, as a whole number"""
    user, counts = some.word(), [some.number(11, 99) for _ in range(5)]
    redis.hset(f"cart:{user}", mapping=dict(zip(some.words(5), counts, strict=True)))
    answer = notebook.pieces_in_cart(user)
    as_text = sorted(str(answer)) == sorted("".join(map(str, counts)))
    assert not as_text, (
        "The pieces were added as texts, one behind the other. What a hash holds is text: int(…) makes a number of each."
    )
    products = answer == len(counts)
    assert not products, "That is the number of products: HLEN counts fields. Asked for is what their values come to."
    notebook.expect(answer, sum(counts), "The sum of all values of the hash, as a number.")
    assert not isinstance(answer, float), (
        f"Pieces are a whole number, an int, and {answer} is a float. int(…) makes a whole number of a text."
    )


def test_pieces_in_cart_is_zero_without_a_cart(notebook, some):
    """pieces_in_cart is 0 for a user without a cart"""
    notebook.expect(
        notebook.pieces_in_cart(some.word()), 0, "Nothing is in a cart that is not there: that is the number 0."
    )


def test_pieces_in_cart_asks_once(notebook, redis, some):
    """pieces_in_cart asks Redis once, however many products there are"""
    user = some.word()
    redis.hset(f"cart:{user}", mapping=dict.fromkeys(some.words(30), 2))
    notebook.pieces_in_cart(user)  # so that Redis knows the script, where there is one
    with notebook.counted() as seen:
        notebook.pieces_in_cart(user)
    hint = f"{ASKED_OFTEN} HVALS brings all values at once."
    if seen.round_trips == 2:
        hint = "One question is enough: HVALS answers an empty list where there is no cart, and the sum of that is 0."
    if seen.round_trips > 1:
        notebook.expect(f"{seen.round_trips} round trips ({seen})", "1 round trip", hint)


def test_claim_name_gives_it_to_the_first(notebook, redis, some):
    """claim_name gives a free name to who asks and returns True, and False to everyone after"""
    name, (first, second) = some.name(), some.words(2)
    answer = notebook.claim_name(name, first)
    notebook.expect(
        fields_of(redis, "names"),
        {name: first},
        "The hash `names` has one field for each name, and its value is the user.",
    )
    notebook.expect(answer, True, "The name was free and is now theirs: that is True, not 1 and not None.")
    answer = notebook.claim_name(name, second)
    notebook.expect(
        field_of(redis, "names", name),
        first,
        "The second who asked took the name from the first: HSET writes over what is there. HSETNX does not.",
    )
    notebook.expect(answer, False, "The name belongs to someone else: that is False, not 0 and not None.")
    own = "The name was theirs already, so it was not free: that is False. HSETNX's own answer tells whether it was free; a look at the owner does not."
    notebook.expect(notebook.claim_name(name, first), False, own)


def test_claim_name_in_one_step(notebook, redis, some):
    """claim_name gives a name once, also when two ask at the same moment"""
    name, (mine, theirs) = some.name(), some.words(2)
    with notebook.rival(lambda: redis.hsetnx("names", name, theirs)):
        answer = notebook.claim_name(name, mine)
        owner = field_of(redis, "names", name)
    hint = "Someone else got the name a moment before. Now it was taken from them, or two believe that it is theirs. HSETNX looks and writes in one step."
    notebook.expect((owner, bool(answer)), (theirs, False), hint)


def test_log_in_stores_the_token(notebook, redis, some):
    """log_in writes the token into the field `session` and leaves all other fields as they are"""
    key, token, profile = f"user:{(user := some.word())}", some.word(20), {"name": some.spicy(), "city": some.text()}
    redis.hset(key, mapping=profile)
    notebook.log_in(user, token, some.number(60, 600))
    notebook.expect(
        fields_of(redis, key),
        profile | {"session": token},
        f"The user is the hash {key}; the token is the value of its field `session`, as it is.",
    )


def test_log_in_ends_the_session_alone(notebook, redis, some):
    """log_in lets the session end on time, and nothing else: every other field keeps its own"""
    key, seconds = f"user:{(user := some.word())}", some.number(60, 600)
    redis.hset(key, mapping={"name": some.name(), "code": some.word()})
    redis.hexpire(key, some.number(1000, 9000), "code")
    others = [end_of(redis, key, field) for field in ("name", "code")]
    since = now(redis)
    notebook.log_in(user, some.word(20), seconds)
    expect_session(notebook, redis, key, seconds, since)
    hint = "Another field of the user has now another end than before. Name only `session` to HEXPIRE or HSETEX."
    notebook.expect([end_of(redis, key, field) for field in ("name", "code")], others, hint)
    notebook.expect(
        redis.ttl(key), -1, "The session ends on time, but the whole user ends as well: EXPIRE is for the key."
    )


def test_log_in_begins_anew(notebook, redis, some):
    """log_in again gives the new token and the whole time anew"""
    key, token, seconds = f"user:{(user := some.word())}", some.word(20), some.number(300, 600)
    redis.hset(key, mapping={"name": some.name(), "session": some.word(20)})
    redis.hexpire(key, 100, "session")
    since = now(redis)
    notebook.log_in(user, token, seconds)
    notebook.expect(
        fields_of(redis, key).get("session"),
        token,
        "The user has logged in again, and the token is still the old one.",
    )
    expect_session(notebook, redis, key, seconds, since)


def test_log_in_never_without_an_end(notebook, redis, some):
    """log_in never leaves a session without an end, not even for a moment"""
    key, seen = f"user:{(user := some.word())}", []
    redis.hset(key, "name", some.name())
    with notebook.rival(lambda: seen.append(end_of(redis, key, "session")), before="every"):
        notebook.log_in(user, some.word(20), some.number(60, 600))
        seen.append(end_of(redis, key, "session"))
    hint = "For a moment the session was there without an end. Should the program stop just then, it stays for ever. HSETEX writes both, or a transaction."
    assert -1 not in seen, hint
