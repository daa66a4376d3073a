"""Lesson 11: sets, members without order, and what several sets have in common."""

FEW_BYTES = 1000
CHANGED = "Searching has changed what is in Redis. A result that was stored on the way must go again, and the STORE commands write over their first key."


def expect_unchanged(notebook, redis, sets):
    """Redis holds these sets, by key, and nothing else."""
    notebook.expect(
        {key: redis.smembers(key) for key in redis.keys("*")},
        {key: set(members) for key, members in sets.items()},
        CHANGED,
    )


def test_tag_article_stores_each_tag(notebook, redis, some):
    """tag_article puts each tag into the set of its article as a member of its own"""
    article, tags = some.word(), some.words(4)
    notebook.tag_article(article, tags)
    kind = redis.type(f"tags:{article}")
    assert kind != "none", f"There is no key tags:{article} in Redis after the call."
    assert kind == "set", f"Under tags:{article} there is a {kind}, not a set."
    hint = "Each text of the list is one member. A star before the list hands its texts over one by one: r.sadd(key, *tags)."
    notebook.expect(redis.smembers(f"tags:{article}"), set(tags), hint)


def test_tag_article_counts_the_new(notebook, redis, some):
    """tag_article returns how many of the tags were new"""
    article, tags = some.word(), some.words(5)
    redis.sadd(f"tags:{article}", *tags[:2])
    notebook.expect(
        notebook.tag_article(article, tags),
        3,
        "Two of the five tags were there already. SADD's own answer is the number of new members.",
    )
    notebook.expect(notebook.tag_article(article, tags), 0, "All of them were there already: none is new.")
    once = (
        "A tag that is twice in the list is one member, and new once. SADD's own answer is the number of new members."
    )
    notebook.expect(notebook.tag_article(some.word(), [tags[0], tags[1], tags[0]]), 2, once)
    with notebook.rival(lambda: redis.sadd(f"tags:{article}", "theirs")):
        answer = notebook.tag_article(article, ["mine"])
    hint = "Somebody else added a tag at the same moment, and it was counted too: sizes before and after were compared. SADD's own answer is this call's."
    notebook.expect(answer, 1, hint)


def test_tag_article_takes_an_empty_list(notebook, redis, some):
    """tag_article with an empty list adds nothing and returns 0"""
    notebook.expect(
        notebook.tag_article(some.word(), []),
        0,
        "With no tags there is nothing to add. Redis refuses an SADD without members.",
    )


def test_count_visitor_counts_each_once(notebook, redis, some):
    """count_visitor keeps each visitor of a day once, by the whole name"""
    day, users = some.word(), some.words(3)
    for user in [*users, users[0]]:
        notebook.count_visitor(day, user)
    found = redis.smembers(f"visitors:{day}") if redis.type(f"visitors:{day}") == "set" else set()
    letters = found and all(len(member) == 1 for member in found)
    assert not letters, (
        "The set holds single letters. A star before a text unpacks its letters: hand the name over without it."
    )
    notebook.expect(found, set(users), f"The set visitors:{day} should hold each visitor of that day once.")


def test_count_visitor_greets_the_first_visit(notebook, redis, some):
    """count_visitor returns True for the first visit of a day, else False"""
    day, other, user = some.word(), some.word(), some.name()
    notebook.expect(notebook.count_visitor(day, user), True, "It was this visitor's first visit that day.")
    notebook.expect(
        notebook.count_visitor(day, user), False, "It was the second visit that day: False, not 0 and not None."
    )
    notebook.expect(notebook.count_visitor(other, user), True, "Another day begins anew.")


def test_count_visitor_greets_once(notebook, redis, some):
    """count_visitor greets a visitor once, also when two requests come at once"""
    key, user = f"visitors:{(day := some.word())}", some.name()
    with notebook.rival(lambda: redis.sadd(key, user)):
        answer = notebook.count_visitor(day, user)
    hint = "Another request of the same visitor was just a little faster, and both were greeted: looking and adding were two steps. SADD's own answer tells."
    notebook.expect(answer, False, hint)


def test_friends_in_common_finds_them(notebook, redis, some):
    """friends_in_common returns the shared friends as a sorted list and changes nothing"""
    one, other, *people = some.words(22)
    redis.sadd(f"friends:{one}", *people[:14])
    redis.sadd(f"friends:{other}", *people[7:])
    answer = notebook.friends_in_common(one, other)
    in_order = (
        isinstance(answer, list)
        and answer != sorted(people[7:14])
        and sorted(map(str, answer)) == sorted(people[7:14])
    )
    assert not in_order, (
        "They are the right ones, but in no order: a set has none, and its list comes as it likes. sorted(…)."
    )
    notebook.expect(answer, sorted(people[7:14]), "A sorted list of the names that are in both sets.")
    expect_unchanged(notebook, redis, {f"friends:{one}": people[:14], f"friends:{other}": people[7:]})
    notebook.expect(
        notebook.friends_in_common(one, some.word(12)), [], "Who has no friends shares none: that is an empty list."
    )


def test_friends_in_common_lets_redis_compare(notebook, redis, some):
    """friends_in_common lets Redis compare, so that only the shared ones travel"""
    one, other = some.words(2)
    redis.sadd(f"friends:{one}", *(f"a{number}" for number in range(400)), "both")
    redis.sadd(f"friends:{other}", *(f"b{number}" for number in range(400)), "both")
    readings = [redis.info("stats")["total_net_output_bytes"] for _ in range(2)]  # they tell what the measuring takes
    notebook.friends_in_common(one, other)
    sent = redis.info("stats")["total_net_output_bytes"] - 2 * readings[1] + readings[0]
    hint = "All friends were fetched to find the few that are shared. SINTER compares in Redis, and only the result travels."
    if sent > FEW_BYTES:
        notebook.expect(f"{sent} bytes", "the shared ones alone, some ten bytes from Redis", hint)


def test_find_articles_has_all_wanted(notebook, redis, some):
    """find_articles returns the articles that have all wanted tags, sorted"""
    first, second, third, *articles = some.words(15)
    redis.sadd(f"tagged:{first}", *articles[:9])
    redis.sadd(f"tagged:{second}", *articles[5:])
    redis.sadd(f"tagged:{third}", *articles[6:8])
    notebook.expect(
        notebook.find_articles([first, second], []),
        sorted(articles[5:9]),
        "The articles that have both tags, as a sorted list.",
    )
    notebook.expect(
        notebook.find_articles([first, second, third], []), sorted(articles[6:8]), "Three tags are wanted: all three."
    )
    none = "The first two tags have no article in common, so there is none with all three. An empty result is a result: the next tag must not begin anew."
    redis.srem(f"tagged:{second}", *articles[5:9])
    notebook.expect(notebook.find_articles([first, second, third], []), [], none)
    notebook.expect(
        notebook.find_articles([first, some.word(12)], []), [], "No article has the second tag, so none has both."
    )


def test_find_articles_has_none_unwanted(notebook, redis, some):
    """find_articles leaves out the articles that have any unwanted tag"""
    wanted, bad, worse, unused, *articles = some.words(16)
    redis.sadd(f"tagged:{wanted}", *articles[:9])
    redis.sadd(f"tagged:{bad}", *articles[:2], articles[11])
    redis.sadd(f"tagged:{worse}", articles[2])
    hint = "An article with one of the unwanted tags is still there, or one too many is gone. Unwanted is what *any* of these tags has: a union."
    notebook.expect(notebook.find_articles([wanted], [bad, worse]), sorted(articles[3:9]), hint)
    notebook.expect(
        notebook.find_articles([wanted], [unused]),
        sorted(articles[:9]),
        "A tag that no article has takes nothing away.",
    )


def test_find_articles_leaves_nothing_behind(notebook, redis, some):
    """find_articles changes no set and leaves no key behind"""
    sets = dict(
        zip((f"tagged:{tag}" for tag in some.words(3, 6)), ({"1", "2", "3"}, {"2", "3", "4"}, {"3", "5"}), strict=True)
    )
    for key, articles in sets.items():
        redis.sadd(key, *articles)
    first, second, bad = (key.removeprefix("tagged:") for key in sets)
    notebook.find_articles([first, second], [bad])
    expect_unchanged(notebook, redis, sets)


def test_draw_winners_draws_and_takes_out(notebook, redis, some):
    """draw_winners returns that many different winners and takes them out of the pot"""
    raffle, people = some.word(), some.words(12)
    redis.sadd(f"raffle:{raffle}", *people)
    answer = notebook.draw_winners(raffle, 5)
    assert isinstance(answer, list), f"A list was promised; what came is a {type(answer).__name__}."
    assert len(answer) == 5, f"Five winners were to be drawn, {len(answer)} came."
    assert len(set(answer)) == 5 and set(answer) <= set(people), (
        "The winners must be five different members of the set."
    )
    left = redis.smembers(f"raffle:{raffle}")
    hint = "The winners are still in the pot, and could win again. One command draws and takes out."
    notebook.expect(left, set(people) - set(answer), hint)


def test_draw_winners_draws_by_chance(notebook, redis, some):
    """draw_winners draws by chance"""
    people, drawn = some.words(40), []
    for raffle in some.words(3):
        redis.sadd(f"raffle:{raffle}", *people)
        drawn.append(frozenset(notebook.draw_winners(raffle, 10)))
    assert len(set(drawn)) > 1, "Three draws from the same forty names had the same ten winners. Let Redis draw."


def test_draw_winners_takes_what_is_left(notebook, redis, some):
    """draw_winners returns all that are left where they are fewer"""
    raffle, people = some.word(), some.words(3)
    redis.sadd(f"raffle:{raffle}", *people)
    answer = notebook.draw_winners(raffle, 10)
    in_order = sorted(answer, key=str) if isinstance(answer, list) else answer
    notebook.expect(
        in_order, sorted(people), "Three were left, and ten were asked for: all three win, and nobody else."
    )
    notebook.expect(notebook.draw_winners(raffle, 2), [], "The pot is empty: an empty list.")


def test_draw_winners_never_draws_twice(notebook, redis, some):
    """draw_winners never draws a name that another machine draws at the same moment"""
    key, people, theirs = f"raffle:{(raffle := some.word())}", some.words(6), set()
    redis.sadd(key, *people)
    with notebook.rival(lambda: theirs.update(redis.spop(key, 3)), before="every", times=2):
        mine = notebook.draw_winners(raffle, 6)
    twice = sorted(set(mine) & (theirs | set(redis.smembers(key))))
    notebook.expect(
        twice,
        [],
        "Another machine drew in between, and these names won on both or are still in the pot. Drawing and taking out were two steps; SPOP is one.",
    )


def test_show_some_shows_members(notebook, redis, some):
    """show_some returns that many different members, or all where they are fewer"""
    team, people = some.word(), some.words(9)
    redis.sadd(f"team:{team}", *people)
    answer = notebook.show_some(team, 5)
    assert isinstance(answer, list), f"A list was promised; what came is a {type(answer).__name__}."
    assert set(answer) <= set(people) and len(answer) == 5, "Five members of the team should be shown."
    many = notebook.show_some(team, 30)
    hint = "The team has nine members: asked for thirty, all nine come, each once. A negative number would answer the same member several times."
    notebook.expect(sorted(many), sorted(people), hint)


def test_show_some_shows_others_each_time(notebook, redis, some):
    """show_some shows others each time"""
    team = some.word()
    redis.sadd(f"team:{team}", *some.words(60))
    seen = {frozenset(notebook.show_some(team, 10)) for _ in range(3)}
    assert len(seen) > 1, "Three calls showed the same ten of sixty members. SRANDMEMBER picks by chance."


def test_show_some_leaves_the_team(notebook, redis, some):
    """show_some leaves the team as it is"""
    key, people = f"team:{(team := some.word())}", some.words(9)
    redis.sadd(key, *people)
    with notebook.rival(lambda: redis.srem(key, people[0]), before="every", times=1):
        notebook.show_some(team, 4)
    hint = "The team has changed: SPOP takes out what it shows, and putting it back later is a second step. SRANDMEMBER leaves the set as it is."
    notebook.expect(redis.smembers(key), set(people[1:]), hint)
    with notebook.counted() as seen:
        notebook.show_some(team, 4)
    notebook.expect([name for name in ("spop", "srem", "sadd") if seen[name]], [], hint)


def test_move_ticket_moves(notebook, redis, some):
    """move_ticket takes the ticket out of the one set and puts it into the other, and returns True"""
    before, after, ticket, other = some.words(4)
    redis.sadd(f"state:{before}", ticket, other)
    answer = notebook.move_ticket(ticket, before, after)
    notebook.expect(redis.smembers(f"state:{after}"), {ticket}, f"The ticket should be in state:{after} now.")
    notebook.expect(
        redis.smembers(f"state:{before}"),
        {other},
        f"The ticket, and nothing else, should be gone from state:{before}.",
    )
    notebook.expect(answer, True, "It was there and was moved: that is True.")


def test_move_ticket_invents_none(notebook, redis, some):
    """move_ticket changes nothing and returns False where the ticket was not there, also a moment ago"""
    before, after, ticket = some.words(3)
    answer = notebook.move_ticket(ticket, before, after)
    notebook.expect(
        redis.exists(f"state:{after}"), 0, "The ticket was not there to be moved, and now it is in the other set."
    )
    notebook.expect(answer, False, "Nothing was moved: that is False.")
    redis.sadd(f"state:{before}", ticket)
    with notebook.rival(lambda: redis.smove(f"state:{before}", "state:taken", ticket)):
        answer = notebook.move_ticket(ticket, before, after)
        where = [name for name in (before, after, "taken") if redis.sismember(f"state:{name}", ticket)]
    hint = "A colleague had just moved the ticket, and now it is in two sets. Looking first does not help; SMOVE looks and moves in one step."
    notebook.expect(where, ["taken"], hint)
    told = "A colleague had just moved the ticket, so nothing was moved here: that is False. SMOVE's own answer knows it; a look before does not."
    notebook.expect(answer, False, told)


def test_move_ticket_is_never_lost(notebook, redis, some):
    """move_ticket keeps the ticket in exactly one set at every moment"""
    before, after, ticket = some.words(3)
    redis.sadd(f"state:{before}", ticket)
    moments = []

    def look():
        moments.append(sum(redis.sismember(f"state:{name}", ticket) for name in (before, after)))

    with notebook.rival(look, before="every"):
        notebook.move_ticket(ticket, before, after)
        look()
    hint = "For a moment the ticket was in no set, or in both: it was moved in two steps. A crash in between would leave it so."
    notebook.expect(set(moments), {1}, hint)


def test_online_among_keeps_the_order(notebook, redis, some):
    """online_among returns the contacts that are online, in the order of the list"""
    people = some.words(12)
    contacts, online = some.shuffled(people), people[::2]
    redis.sadd("online", *online, *some.words(3, 9))
    expected = [contact for contact in contacts if contact in online]
    answer = notebook.online_among(contacts)
    mixed = isinstance(answer, list) and answer != expected and sorted(map(str, answer)) == sorted(expected)
    assert not mixed, (
        "They are the right ones, but not in the order of the list. A set keeps no order; SMISMEMBER answers in the order of the question."
    )
    notebook.expect(answer, expected, "Those of the contacts that are members of `online`, in the order of the list.")


def test_online_among_takes_an_empty_list(notebook, redis):
    """online_among of nobody is an empty list"""
    redis.sadd("online", "somebody")
    notebook.expect(
        notebook.online_among([]),
        [],
        "Without contacts nobody is online. Redis refuses an SMISMEMBER without members.",
    )


def test_online_among_asks_once(notebook, redis, some):
    """online_among asks Redis once, however many contacts there are, and fetches only the answers"""
    contacts = some.words(30)
    redis.sadd("online", *contacts[:5], *(f"somebody{number}" for number in range(500)))
    notebook.online_among(contacts)  # so that Redis knows the script, where there is one
    with notebook.counted() as seen:
        notebook.online_among(contacts)
    notebook.expect(
        seen["smembers"] + seen["sscan"],
        0,
        "All who are online were fetched, to find these few. Ask for the contacts alone: SMISMEMBER.",
    )
    notebook.expect(
        seen.round_trips,
        1,
        "Redis was asked several times, once for each contact or so. SMISMEMBER takes them all in one command.",
    )
