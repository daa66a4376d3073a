"""Lesson 13: hashes, a key with fields that are read, written and counted each for itself."""

from workshop.grader import expect, few_bytes, one_of, rests_on, trips, wanted


def fields_of(redis, key):
    """The fields of the hash at `key`. There must be one."""
    expect(redis.type(key), "hash")
    return redis.hgetall(key)


def end_of(redis, key, field):
    """When the field ends, in milliseconds on Redis' clock; -1 if it never does, -2 if there is no such field."""
    return redis.hpexpiretime(key, field)[0] if redis.hexists(key, field) else -2


def now(redis):
    """Redis' clock in milliseconds."""
    return int(redis.clock() * 1000)


def expect_whole(number, total):
    """The number, as an int."""
    expect(number, wanted(f"{total}, an int", lambda number: isinstance(number, int) and number == total))


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
    for at in notebook.steps():
        key, mine, theirs = f"user:{(user := some.word())}", some.word(), some.spicy()
        redis.hset(key, mapping={"name": some.name(), "city": some.text(), "email": mine})
        with notebook.rival(lambda: redis.hset(key, "email", theirs), at=at) as seen:
            notebook.save_profile(user, {"city": some.text()})
        expect(redis.hget(key, "email"), theirs if seen.acts else mine)


def test_save_profile_in_one_round_trip(notebook, some):
    """save_profile asks Redis once, however many fields there are"""
    user, changes = some.word(), {name: some.word() for name in some.words(30)}
    notebook.save_profile(user, changes)  # so that Redis knows the script, if there is one
    with notebook.counted() as seen:
        notebook.save_profile(user, changes)
    expect(seen, trips(1))


def test_load_profile_returns_all_fields(notebook, redis, some):
    """load_profile returns all fields of the user as a dict"""
    user = some.word()
    profile = {some.word(): some.spicy(), some.word(): "", **{name: some.text() for name in some.words(5, 9)}}
    redis.hset(f"user:{user}", mapping=profile)
    with notebook.counted() as seen:
        loaded = notebook.load_profile(user)
    expect(loaded, profile)


def test_load_profile_is_none_for_a_stranger(notebook, redis, some):
    """load_profile returns None if there is no such user"""
    redis.hset(f"user:{some.word()}", "name", some.name())
    with notebook.counted() as seen:
        profile = notebook.load_profile(some.word(9))
    expect(profile, None)


@rests_on("test_load_profile_returns_all_fields", "test_load_profile_is_none_for_a_stranger")
def test_load_profile_reads_in_one_step(notebook, redis, some):
    """load_profile returns all or None, also when the user is deleted or loses a field at that moment"""
    key, profile = f"user:{(user := some.word())}", {name: some.text() for name in ("name", "email", "city")}
    rest = {name: profile[name] for name in ("email", "city")}
    for at, is_deleted in notebook.steps(True, False):
        redis.delete(key)  # so that the field that goes is the first one again
        redis.hset(key, mapping=profile)
        with notebook.rival(lambda: redis.delete(key) if is_deleted else redis.hdel(key, "name"), at=at):
            loaded = notebook.load_profile(user)
        expect(loaded, one_of(profile, None if is_deleted else rest))


def test_email_of_returns_it(notebook, redis, some):
    """email_of returns the address, and None if there is no such field or user"""
    user, other = some.words(2)
    email = f"{some.word()}@{some.word()}.example"
    redis.hset(f"user:{user}", mapping={"name": some.name(), "email": email})
    redis.hset(f"user:{other}", "name", some.name())
    with notebook.counted() as seen:
        address = notebook.email_of(user)
    expect(address, email)
    expect(notebook.email_of(other), None)
    expect(notebook.email_of(some.word(9)), None)
    redis.hset(f"user:{user}", "email", "")
    expect(notebook.email_of(user), "")


def test_email_of_fetches_one_field(notebook, redis, some):
    """email_of fetches this one field, not the whole profile"""
    user = some.word()
    redis.hset(f"user:{user}", mapping={"email": some.word(), **dict.fromkeys(some.words(200), "x" * 100)})
    expect(redis.sent(lambda: notebook.email_of(user)), few_bytes())


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
    """read_fields returns an empty dict for an empty list"""
    user = some.word()
    redis.hset(f"user:{user}", "name", some.name())
    expect(notebook.read_fields(user, []), {})


def test_read_fields_asks_once(notebook, redis, some):
    """read_fields asks Redis once, for these fields only"""
    user, names = some.word(), some.words(40)
    redis.hset(f"user:{user}", mapping=dict.fromkeys(names, "x") | dict.fromkeys(some.words(200, 9), "x" * 100))
    notebook.read_fields(user, names)  # so that Redis knows the script, if there is one
    with notebook.counted() as seen:
        notebook.read_fields(user, names)
    expect(seen, trips(1))
    expect(redis.sent(lambda: notebook.read_fields(user, names)), few_bytes())


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
    key, count = f"cart:{(user := some.word())}", some.number(11, 99)
    for at, had in notebook.steps(some.number(2, 500), 0):
        product, seen = some.word(12), []
        redis.hset(key, product if had else "other", had)
        with notebook.rival(lambda: seen.append(redis.hget(key, product)) or redis.hincrby(key, product, 1), at=at):
            mine = notebook.add_to_cart(user, product, count)
        pieces = redis.hget(key, product)
        expect(pieces, str(had + count + len(seen)))
        expect(
            mine, had + count if seen == [str(had + count)] else int(pieces)
        )  # were ours there before theirs, or not


def test_pieces_in_cart_adds_numbers(notebook, redis, some):
    """pieces_in_cart returns the pieces of all products together, as a whole number"""
    user, counts = some.word(), [some.number(11, 99) for _ in range(4)]
    counts.append(counts[0])  # the same number twice: both count
    redis.hset(f"cart:{user}", mapping=dict(zip(some.words(5), counts, strict=True)))
    expect_whole(notebook.pieces_in_cart(user), sum(counts))


def test_pieces_in_cart_is_zero_without_a_cart(notebook, some):
    """pieces_in_cart is 0 for a user without a cart"""
    expect(notebook.pieces_in_cart(some.word()), 0)


def test_pieces_in_cart_asks_once(notebook, redis, some):
    """pieces_in_cart asks Redis once, however many products there are"""
    user = some.word()
    redis.hset(f"cart:{user}", mapping=dict.fromkeys(some.words(30), 2))
    notebook.pieces_in_cart(user)  # so that Redis knows the script, if there is one
    with notebook.counted() as seen:
        notebook.pieces_in_cart(user)
    expect(seen, trips(1))


def test_claim_name_gives_it_to_the_first(notebook, redis, some):
    """claim_name gives a free name to the first who asks and returns True; to everyone after, it returns False"""
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
    for at in notebook.steps():
        (name, mine, theirs), is_theirs = some.words(3), []
        with notebook.rival(lambda: is_theirs.append(redis.hsetnx("names", name, theirs)), at=at):
            is_mine = notebook.claim_name(name, mine)
        owner = redis.hget("names", name)
        expect((owner, bool(is_mine)), (theirs, False) if is_theirs == [1] else (mine, True))
    with notebook.rival(lambda: redis.hsetnx("names", f"{name}-2", theirs)) as passed:
        is_mine = notebook.claim_name(f"{name}-3", mine)
    expect((redis.hget("names", f"{name}-3"), bool(is_mine)), (mine, True))


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
    """log_in of a user who is logged in stores the new token and starts its time from the beginning"""
    key, (old, token), seconds = f"user:{(user := some.word())}", some.words(2, 20), some.number(300, 600)
    redis.hset(key, mapping={"name": some.name(), "session": old})
    redis.hexpire(key, 100, "session")
    since = now(redis)
    notebook.log_in(user, token, seconds)
    expect(redis.hget(key, "session"), token)
    expect_session(redis, key, seconds, since)


@rests_on("test_log_in_ends_the_session_alone")
def test_log_in_never_without_an_end(notebook, redis, some):
    """log_in never leaves a session without a time to live, not even for a moment"""
    key, ends = f"user:{(user := some.word())}", []
    redis.hset(key, "name", some.name())
    with notebook.rival(lambda: ends.append(end_of(redis, key, "session")), before="every"):
        notebook.log_in(user, some.word(20), some.number(60, 600))
    ends.append(end_of(redis, key, "session"))
    expect(ends, wanted("never -1, a field without an end", lambda ends: -1 not in ends))


def shop(redis, user):
    """What the shop has and what is in the user's cart; a product with 0 pieces may be there or not."""
    hashes = (redis.hgetall(key) for key in ("stock", f"cart:{user}"))
    return [{name: pieces for name, pieces in held.items() if pieces != "0"} for held in hashes]


def test_reserve_moves_the_pieces(notebook, redis, some):
    """reserve moves the pieces from the stock into the cart and returns True"""
    user, (tea, rice), count, there = some.word(), some.words(2), some.number(2, 3), some.number(4, 9)
    redis.hset("stock", mapping={tea: 3 * count, rice: 50})
    redis.hset(f"cart:{user}", mapping={tea: there, rice: 1})
    is_reserved = notebook.reserve(user, tea, count)
    expect(shop(redis, user), [{tea: str(2 * count), rice: "50"}, {tea: str(there + count), rice: "1"}])
    expect(is_reserved, True)
    expect(notebook.reserve(some.word(9), tea, 2 * count), True)  # all that are left


@rests_on("test_reserve_moves_the_pieces")
def test_reserve_refuses(notebook, redis, some):
    """reserve returns False and changes nothing if there are too few, or no such product"""
    user, tea, count = some.word(), some.word(), some.number(10, 11)
    redis.hset("stock", tea, count - 2)  # as texts, "9" is more than "11"
    for product in (tea, some.word(9)):
        is_reserved = notebook.reserve(user, product, count)
        expect(shop(redis, user), [{tea: str(count - 2)}, {}])
        expect(is_reserved, False)


@rests_on("test_reserve_refuses")
def test_reserve_in_one_step(notebook, redis, some):
    """reserve sells no piece twice, and nobody sees one in both places or in none, not even for a moment"""
    user, tea, count, looks = some.word(), some.word(), some.number(5, 9), []
    full, one_less = {tea: str(count)}, {tea: str(count - 1)}  # in the stock, or in the cart

    def look():
        looks.append(shop(redis, user))

    redis.hset("stock", tea, count - 1)
    with notebook.rival(look, before="every"):
        notebook.reserve(user, tea, count)
    redis.hset("stock", tea, count)
    with notebook.rival(look, before="every"):
        notebook.reserve(user, tea, count)
    look()
    for seen in looks:
        expect(seen, one_of([one_less, {}], [full, {}], [{}, full]))
    for at in notebook.steps():  # another customer buys one
        sold = []
        redis.delete(f"cart:{user}")
        redis.hset("stock", tea, count)
        with notebook.rival(
            lambda: shop(redis, user)[0] and sold.append(redis.hincrby("stock", tea, -1)), at=at
        ) as passed:
            is_reserved = notebook.reserve(user, tea, count)
        expect((shop(redis, user), is_reserved), ([one_less, {}], False) if sold else ([{}, full], True))


@rests_on("test_reserve_refuses")
def test_reserve_tries_again(notebook, redis, some):
    """reserve succeeds even if a customer buys something else at that moment"""
    user, (tea, rice), count = some.word(), some.words(2), some.number(2, 9)
    redis.hset("stock", mapping={tea: count, rice: 50})
    with notebook.rival(lambda: redis.hincrby("stock", rice, -1)) as passed:
        is_reserved = notebook.reserve(user, tea, count)
    expect((is_reserved, shop(redis, user)), (True, [{rice: "49"}, {tea: str(count)}]))
