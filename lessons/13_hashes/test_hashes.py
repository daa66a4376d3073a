"""Lesson 13: hashes, a key with fields that are read, written and counted each for itself."""

from workshop.grader import expect, one_of, rests_on, wanted

WALKS = ("hgetall", "hvals", "hscan", "hkeys")


def fields_of(redis, key):
    """The fields of the hash at `key`. There must be one."""
    expect(redis.type(key), "hash")
    return redis.hgetall(key)


def end_of(redis, key, field):
    """When the field ends, in milliseconds on Redis' clock; -1 if it never does, -2 if there is no such field."""
    return redis.hpexpiretime(key, field)[0] if redis.hexists(key, field) else -2


def now(redis):
    """Redis' clock in milliseconds."""
    seconds, micros = redis.time()
    return seconds * 1000 + micros // 1000


def expect_whole(number, total):
    """The number, as an int."""
    expect(number, wanted(f"{total}, an int", lambda number: isinstance(number, int) and number == total))


def expect_once(seen):
    """Redis was asked once at most."""
    expect(seen, wanted("1 round trip", lambda seen: seen.round_trips <= 1))


def expect_session(redis, key, seconds, since):
    """The field `session` was given `seconds` to live at some moment after `since` on Redis' clock."""
    end, until = end_of(redis, key, "session"), now(redis)
    left = (end - until) / 1000 if end > 0 else end
    in_time = since - 1100 <= end - seconds * 1000 <= until + 100  # HSETEX with EXAT knows whole seconds only
    expect(left, wanted(f"{seconds} seconds left for the field session", lambda _: in_time))


def test_save_profile_stores_fields(notebook, redis, some):
    """save_profile writes each entry as a field of its own"""
    user, changes = some.word(), {"name": some.spicy(), "city": some.text(), some.word(): ""}
    notebook.save_profile(user, changes)
    expect(fields_of(redis, f"user:{user}"), changes)


@rests_on("test_save_profile_stores_fields")
def test_save_profile_keeps_the_others(notebook, redis, some):
    """save_profile leaves all other fields as they are"""
    key, before = f"user:{(user := some.word())}", {name: some.text() for name in some.words(6)}
    redis.hset(key, mapping=before)
    changes = {next(iter(before)): some.spicy(), some.word(9): some.text()}
    notebook.save_profile(user, changes)
    expect(fields_of(redis, key), before | changes)


@rests_on("test_save_profile_keeps_the_others")
def test_save_profile_loses_no_change(notebook, redis, some):
    """save_profile loses no change that another program makes at the same moment"""
    key, mine, theirs = f"user:{(user := some.word())}", some.word(), some.spicy()
    redis.hset(key, mapping={"name": some.name(), "city": some.text(), "email": mine})
    with notebook.rival(lambda: redis.hset(key, "email", theirs)):
        notebook.save_profile(user, {"city": some.text()})
    expect(redis.hget(key, "email"), theirs)


def test_save_profile_in_one_round_trip(notebook, some):
    """save_profile asks Redis once, however many fields there are"""
    user, changes = some.word(), {name: some.word() for name in some.words(30)}
    notebook.save_profile(user, changes)  # so that Redis knows the script, where there is one
    with notebook.counted() as seen:
        notebook.save_profile(user, changes)
    expect_once(seen)


def test_load_profile_returns_all_fields(notebook, redis, some):
    """load_profile returns all fields of the user as a dict"""
    user, profile = (
        some.word(),
        {"name": some.spicy(), some.word(): "", **{name: some.text() for name in some.words(5, 9)}},
    )
    redis.hset(f"user:{user}", mapping=profile)
    expect(notebook.load_profile(user), profile)


def test_load_profile_is_none_for_a_stranger(notebook, redis, some):
    """load_profile returns None where there is no such user"""
    redis.hset(f"user:{some.word()}", "name", some.name())
    expect(notebook.load_profile(some.word(9)), None)


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
        loaded = notebook.load_profile(user)
    expect(loaded, one_of(profile, None))


def test_email_of_returns_it(notebook, redis, some):
    """email_of returns the address, and None where there is no such field or user"""
    user, other = some.words(2)
    email = f"{some.word()}@{some.word()}.example"
    redis.hset(f"user:{user}", mapping={"name": some.name(), "email": email})
    redis.hset(f"user:{other}", "name", some.name())
    expect(notebook.email_of(user), email)
    expect(notebook.email_of(other), None)
    expect(notebook.email_of(some.word(9)), None)
    redis.hset(f"user:{user}", "email", "")
    expect(notebook.email_of(user), "")


def test_email_of_fetches_one_field(notebook, redis, some):
    """email_of fetches this one field, not the whole profile"""
    user = some.word()
    redis.hset(f"user:{user}", mapping={"email": some.word(), **{name: some.text() for name in some.words(300)}})
    with notebook.counted() as seen:
        notebook.email_of(user)
    expect([name.upper() for name in WALKS if seen[name]], [])


def test_read_fields_reads(notebook, redis, some):
    """read_fields returns the fields asked for, and leaves out what is not there"""
    user, (*names, one, other) = some.word(), some.words(8)
    profile = {name: some.spicy() for name in names}
    redis.hset(f"user:{user}", mapping=profile | {some.word(9): some.text()})
    some_names = some.shuffled([*names[:4], one, other])
    expect(notebook.read_fields(user, some_names), {name: profile[name] for name in names[:4]})
    expect(notebook.read_fields(some.word(9), some_names), {})


def test_read_fields_takes_empty_as_a_value(notebook, redis, some):
    """read_fields takes "" and "0" for values, not for missing"""
    user, (empty, zero) = some.word(), some.words(2)
    redis.hset(f"user:{user}", mapping={empty: "", zero: "0"})
    expect(notebook.read_fields(user, [empty, zero]), {empty: "", zero: "0"})


def test_read_fields_takes_an_empty_list(notebook, redis, some):
    """read_fields of no fields is an empty dict"""
    user = some.word()
    redis.hset(f"user:{user}", "name", some.name())
    expect(notebook.read_fields(user, []), {})


def test_read_fields_asks_once(notebook, redis, some):
    """read_fields asks Redis once, for these fields only"""
    user, names = some.word(), some.words(40)
    redis.hset(f"user:{user}", mapping={name: some.word() for name in [*names, *some.words(200, 9)]})
    notebook.read_fields(user, names)  # so that Redis knows the script, where there is one
    with notebook.counted() as seen:
        notebook.read_fields(user, names)
    expect([name.upper() for name in WALKS if seen[name]], [])
    expect_once(seen)


def test_add_to_cart_counts(notebook, redis, some):
    """add_to_cart counts each product for itself and returns its new number of pieces"""
    key, (product, other) = f"cart:{(user := some.word())}", some.words(2)
    first, second, there = some.number(2, 9), some.number(2, 9), some.number()
    redis.hset(key, other, there)
    expect_whole(notebook.add_to_cart(user, product, first), first)
    expect_whole(notebook.add_to_cart(user, product, second), first + second)
    expect(fields_of(redis, key), {product: str(first + second), other: str(there)})


@rests_on("test_add_to_cart_counts")
def test_add_to_cart_loses_none(notebook, redis, some):
    """add_to_cart loses no piece when two add at once, and returns the number that its own made"""
    key, product = f"cart:{(user := some.word())}", some.word()
    before, count = some.number(2, 500), some.number(11, 99)
    redis.hset(key, product, before)
    theirs = []
    with notebook.rival(lambda: theirs.append(redis.hincrby(key, product, 1)), before="every", times=3):
        mine = notebook.add_to_cart(user, product, count)
    expect(fields_of(redis, key).get(product), str(before + len(theirs) + count))
    expect(mine, wanted("the number that these pieces made, not another device's", lambda mine: mine not in theirs))
    new = some.word(12)
    with notebook.rival(lambda: redis.hincrby(key, new, 1)):
        notebook.add_to_cart(user, new, count)
    expect(redis.hget(key, new), str(1 + count))


def test_pieces_in_cart_adds_numbers(notebook, redis, some):
    """pieces_in_cart returns the pieces of all products together, as a whole number"""
    user, counts = some.word(), [some.number(11, 99) for _ in range(5)]
    redis.hset(f"cart:{user}", mapping=dict(zip(some.words(5), counts, strict=True)))
    expect_whole(notebook.pieces_in_cart(user), sum(counts))


def test_pieces_in_cart_is_zero_without_a_cart(notebook, some):
    """pieces_in_cart is 0 for a user without a cart"""
    expect(notebook.pieces_in_cart(some.word()), 0)


def test_pieces_in_cart_asks_once(notebook, redis, some):
    """pieces_in_cart asks Redis once, however many products there are"""
    user = some.word()
    redis.hset(f"cart:{user}", mapping=dict.fromkeys(some.words(30), 2))
    notebook.pieces_in_cart(user)  # so that Redis knows the script, where there is one
    with notebook.counted() as seen:
        notebook.pieces_in_cart(user)
    expect_once(seen)


def test_claim_name_gives_it_to_the_first(notebook, redis, some):
    """claim_name gives a free name to who asks and returns True, and False to everyone after"""
    name, (first, second) = some.name(), some.words(2)
    is_theirs = notebook.claim_name(name, first)
    expect(fields_of(redis, "names"), {name: first})
    expect(is_theirs, True)
    is_theirs = notebook.claim_name(name, second)
    expect(redis.hget("names", name), first)
    expect(is_theirs, False)
    once_more = notebook.claim_name(name, first)
    expect(once_more, False)


@rests_on("test_claim_name_gives_it_to_the_first")
def test_claim_name_in_one_step(notebook, redis, some):
    """claim_name gives a name once, also when two ask at the same moment"""
    name, (mine, theirs) = some.name(), some.words(2)
    with notebook.rival(lambda: redis.hsetnx("names", name, theirs)):
        is_mine = notebook.claim_name(name, mine)
    owner = redis.hget("names", name)
    expect((owner, bool(is_mine)), (theirs, False))


def test_log_in_stores_the_token(notebook, redis, some):
    """log_in writes the token into the field `session` and leaves all other fields as they are"""
    key, token, profile = f"user:{(user := some.word())}", some.word(20), {"name": some.spicy(), "city": some.text()}
    redis.hset(key, mapping=profile)
    notebook.log_in(user, token, some.number(60, 600))
    expect(fields_of(redis, key), profile | {"session": token})


@rests_on("test_log_in_stores_the_token")
def test_log_in_ends_the_session_alone(notebook, redis, some):
    """log_in lets the session end on time, and nothing else: every other field keeps its own"""
    key, seconds, fields = f"user:{(user := some.word())}", some.number(60, 600), ("name", "code")
    redis.hset(key, mapping={field: some.word() for field in fields})
    redis.hexpire(key, some.number(1000, 9000), "code")
    ends, since = [end_of(redis, key, field) for field in fields], now(redis)
    notebook.log_in(user, some.word(20), seconds)
    expect_session(redis, key, seconds, since)
    expect([end_of(redis, key, field) for field in fields], ends)
    expect(redis.ttl(key), -1)


@rests_on("test_log_in_ends_the_session_alone")
def test_log_in_begins_anew(notebook, redis, some):
    """log_in again gives the new token and the whole time anew"""
    key, (old, token), seconds = f"user:{(user := some.word())}", some.words(2, 20), some.number(300, 600)
    redis.hset(key, mapping={"name": some.name(), "session": old})
    redis.hexpire(key, 100, "session")
    since = now(redis)
    notebook.log_in(user, token, seconds)
    expect(redis.hget(key, "session"), token)
    expect_session(redis, key, seconds, since)


@rests_on("test_log_in_ends_the_session_alone")
def test_log_in_never_without_an_end(notebook, redis, some):
    """log_in never leaves a session without an end, not even for a moment"""
    key, ends = f"user:{(user := some.word())}", []
    redis.hset(key, "name", some.name())
    with notebook.rival(lambda: ends.append(end_of(redis, key, "session")), before="every"):
        notebook.log_in(user, some.word(20), some.number(60, 600))
    ends.append(end_of(redis, key, "session"))
    expect(ends, wanted("never -1, a field without an end", lambda ends: -1 not in ends))
