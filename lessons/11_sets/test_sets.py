"""Lesson 11: sets, members without order, and what several sets have in common."""

from workshop.grader import expect, rests_on, trips, wanted

FEW_BYTES = 1000


def expect_names(names, count, people):
    """A list of `count` different ones of `people`."""
    expect(
        names,
        wanted(
            f"a list of {count} different names from the set",
            lambda found: isinstance(found, list) and count == len(found) == len({*people} & {*map(str, found)}),
        ),
    )


def expect_unchanged(redis, sets):
    """Redis holds these sets, by key, and nothing else."""
    now = {key: redis.smembers(key) for key in redis.keys("*")}
    expect(now, {key: set(members) for key, members in sets.items()})


def expect_no_fixed_key(notebook, redis, call):
    """Of two calls that are the same, neither uses a key that the other one uses too, visible to others."""
    known, used = set(redis.keys("*")), []
    for _ in range(2):
        with notebook.rival(lambda: used[-1].update(set(redis.keys("*")) - known), before="every"):
            used.append(set())
            call()
    expect(used[0] & used[1], set())


def test_tag_article_stores_each_tag(notebook, redis, some):
    """tag_article puts each tag into the set of its article as a member of its own, beside those that are there"""
    article, tags = some.word(), some.words(4)
    notebook.tag_article(article, tags[:2])
    notebook.tag_article(article, tags[2:])
    expect(redis.smembers(f"tags:{article}"), set(tags))


@rests_on("test_tag_article_stores_each_tag")
def test_tag_article_counts_the_new(notebook, redis, some):
    """tag_article returns how many of the tags were new"""
    article, tags = some.word(), some.words(5)
    redis.sadd(f"tags:{article}", *tags[:2])
    expect(notebook.tag_article(article, tags), 3)
    expect(notebook.tag_article(article, tags), 0)
    expect(notebook.tag_article(some.word(), [tags[0], tags[1], tags[0]]), 2)
    for at in notebook.steps():
        key = f"tags:{(article := some.word(12))}"
        redis.sadd(key, *tags)
        with notebook.rival(lambda: redis.sadd(key, "theirs"), at=at):
            new = notebook.tag_article(article, ["mine"])
        expect(new, 1)


@rests_on("test_tag_article_stores_each_tag")
def test_tag_article_takes_an_empty_list(notebook, redis, some):
    """tag_article with an empty list changes nothing and returns 0"""
    article, tags = some.word(), some.words(2)
    redis.sadd(f"tags:{article}", *tags)
    expect(notebook.tag_article(article, []), 0)
    expect_unchanged(redis, {f"tags:{article}": tags})


def test_count_visitor_counts_each_once(notebook, redis, some):
    """count_visitor keeps each visitor of a day once, by the whole name"""
    day, users = some.word(), some.words(3)
    for user in [*users, users[0]]:
        notebook.count_visitor(day, user)
    expect(redis.smembers(f"visitors:{day}"), set(users))


def test_count_visitor_greets_the_first_visit(notebook, some):
    """count_visitor returns True for the first visit of a day, else False"""
    day, other, user = some.word(), some.word(), some.name()
    for is_new in (True, False):
        with notebook.counted() as seen:
            is_first = notebook.count_visitor(day, user)
        expect(is_first, is_new)
    expect(notebook.count_visitor(other, user), True)


@rests_on("test_count_visitor_counts_each_once", "test_count_visitor_greets_the_first_visit")
def test_count_visitor_greets_once(notebook, redis, some):
    """count_visitor greets a visitor once, also when two requests come at once"""
    for at in notebook.steps():
        day, user, theirs = some.word(12), some.name(), []
        with notebook.rival(lambda: theirs.append(redis.sadd(f"visitors:{day}", user)), at=at):
            is_first = notebook.count_visitor(day, user)
        expect(is_first, theirs != [1])


def test_friends_in_common_finds_them(notebook, redis, some):
    """friends_in_common returns the shared friends as a sorted list and changes nothing"""
    one, other, *people = some.words(22)
    redis.sadd(f"friends:{one}", *people[:14])
    redis.sadd(f"friends:{other}", *people[7:])
    with notebook.counted() as seen:
        shared = notebook.friends_in_common(one, other)
    expect(shared, sorted(people[7:14]))
    expect_unchanged(redis, {f"friends:{one}": people[:14], f"friends:{other}": people[7:]})
    expect_no_fixed_key(notebook, redis, lambda: notebook.friends_in_common(one, other))
    expect(notebook.friends_in_common(one, some.word(12)), [])


@rests_on("test_friends_in_common_finds_them")
def test_friends_in_common_lets_redis_compare(notebook, redis, some):
    """friends_in_common lets Redis compare, so that only the shared ones travel"""
    one, other = some.words(2)
    redis.sadd(f"friends:{one}", *(f"a{number}" for number in range(400)), "both")
    redis.sadd(f"friends:{other}", *(f"b{number}" for number in range(400)), "both")
    with notebook.counted() as seen:
        notebook.friends_in_common(one, other)
    sent = seen.bytes
    expect(sent, wanted("some ten bytes from Redis, for the one who is shared", lambda sent: sent <= FEW_BYTES))


def test_find_articles_has_all_wanted(notebook, redis, some):
    """find_articles returns the articles that have all wanted tags, sorted"""
    first, second, third, *articles = some.words(23)
    redis.sadd(f"tagged:{first}", *articles[:15])
    redis.sadd(f"tagged:{second}", *articles[7:])
    redis.sadd(f"tagged:{third}", *articles[8:14], articles[18])
    expect(notebook.find_articles([first, second], []), sorted(articles[7:15]))
    expect(notebook.find_articles([first, second, third], []), sorted(articles[8:14]))
    redis.srem(f"tagged:{second}", *articles[7:15])
    expect(notebook.find_articles([first, second, third], []), [])
    expect(notebook.find_articles([first, some.word(12)], []), [])


def test_find_articles_has_none_unwanted(notebook, redis, some):
    """find_articles leaves out the articles that have any unwanted tag"""
    tag, bad, worse, unused, *articles = some.words(16)
    articles.sort()  # so that the unwanted ones are neighbours
    redis.sadd(f"tagged:{tag}", *articles[:9])
    redis.sadd(f"tagged:{bad}", *articles[:2], articles[11])
    redis.sadd(f"tagged:{worse}", articles[2])
    with notebook.counted() as seen:
        found = notebook.find_articles([tag], [bad, worse])
    expect(found, sorted(articles[3:9]))
    expect(notebook.find_articles([tag], [unused]), sorted(articles[:9]))


def test_find_articles_leaves_nothing_behind(notebook, redis, some):
    """find_articles changes no set, leaves no key behind, and disturbs no other search at the same moment"""
    first, second, bad = some.words(3, 6)
    sets = {f"tagged:{first}": "123", f"tagged:{second}": "234", f"tagged:{bad}": "35"}
    for key, articles in sets.items():
        redis.sadd(key, *articles)
    notebook.find_articles([first, second], [bad])
    expect_unchanged(redis, sets)
    expect_no_fixed_key(notebook, redis, lambda: notebook.find_articles([first, second], [bad]))


def test_draw_winners_draws_and_takes_out(notebook, redis, some):
    """draw_winners returns that many different winners and takes them out of the pot"""
    raffle, people = some.word(), some.words(12)
    redis.sadd(f"raffle:{raffle}", *people)
    with notebook.counted() as seen:
        winners = notebook.draw_winners(raffle, 5)
    expect_names(winners, 5, people)
    expect(redis.smembers(f"raffle:{raffle}"), set(people) - set(winners))


@rests_on("test_draw_winners_draws_and_takes_out")
def test_draw_winners_draws_by_chance(notebook, redis, some):
    """draw_winners draws at random"""
    people, draws = some.words(40), set()
    for raffle in some.words(3):
        redis.sadd(f"raffle:{raffle}", *people)
        winners = notebook.draw_winners(raffle, 10)
        expect_names(winners, 10, people)
        draws.add(frozenset(winners))
    expect(draws, wanted("other winners in one of three draws", lambda draws: len(draws) > 1))


@rests_on("test_draw_winners_draws_and_takes_out")
def test_draw_winners_takes_what_is_left(notebook, redis, some):
    """draw_winners returns all that are left if they are fewer"""
    raffle, people = some.word(), some.words(3)
    redis.sadd(f"raffle:{raffle}", *people)
    expect_names(notebook.draw_winners(raffle, 10), 3, people)
    expect(notebook.draw_winners(raffle, 2), [])


@rests_on("test_draw_winners_draws_and_takes_out")
def test_draw_winners_never_draws_twice(notebook, redis, some):
    """draw_winners never draws a name that another machine draws at the same moment"""
    names = wanted("a list of names", lambda found: isinstance(found, list) and {*map(str, found)} <= {*people})
    for at in notebook.steps():
        key, people, theirs = f"raffle:{(raffle := some.word(12))}", some.words(6), set()
        redis.sadd(key, *people)
        with notebook.rival(lambda: theirs.update(redis.spop(key, 3) or ()), at=at):
            mine = notebook.draw_winners(raffle, 6)
        expect(mine, names)
        expect(set(mine) & (theirs | redis.smembers(key)), set())


def test_show_some_shows_members(notebook, redis, some):
    """show_some returns that many different members, or all if they are fewer"""
    team, people = some.word(), some.words(9)
    redis.sadd(f"team:{team}", *people)
    for count, shown in ((5, 5), (9, 9), (8, 8), (30, 9), (0, 0)):
        with notebook.counted() as seen:
            names = notebook.show_some(team, count)
        expect_names(names, shown, people)


@rests_on("test_show_some_shows_members")
def test_show_some_shows_others_each_time(notebook, redis, some):
    """show_some shows others each time"""
    team = some.word()
    redis.sadd(f"team:{team}", *some.words(60))
    shown = {frozenset(notebook.show_some(team, 10)) for _ in range(3)}
    expect(shown, wanted("others in one of three calls", lambda shown: len(shown) > 1))


def test_show_some_leaves_the_team(notebook, redis, some):
    """show_some leaves the team as it is"""
    key, people = f"team:{(team := some.word())}", some.words(9)
    redis.sadd(key, *people)
    with notebook.counted() as seen:
        notebook.show_some(team, 4)
    expect(redis.smembers(key), set(people))
    expect([name for name in ("spop", "srem", "sadd") if seen[name]], [])
    for at in notebook.steps():
        redis.sadd(key, people[0])
        with notebook.rival(lambda: redis.srem(key, people[0]), at=at) as beside:
            notebook.show_some(team, 4)
        expect(redis.smembers(key), set(people[len(beside.acts) :]))


def test_move_ticket_moves(notebook, redis, some):
    """move_ticket takes the ticket out of the one set and puts it into the other, and returns True"""
    before, after, ticket, other = some.words(4)
    redis.sadd(f"state:{before}", ticket, other)
    with notebook.counted() as seen:
        was_moved = notebook.move_ticket(ticket, before, after)
    expect(redis.smembers(f"state:{after}"), {ticket})
    expect(redis.smembers(f"state:{before}"), {other})
    expect(was_moved, True)


@rests_on("test_move_ticket_moves")
def test_move_ticket_invents_none(notebook, redis, some):
    """move_ticket changes nothing and returns False if the ticket was not there, even if it went a moment ago"""
    before, after, ticket = some.words(3)
    was_moved = notebook.move_ticket(ticket, before, after)
    expect(redis.smembers(f"state:{after}"), set())
    expect(was_moved, False)
    for at in notebook.steps():
        (before, after, ticket), taken = some.words(3, 12), []
        redis.sadd(f"state:{before}", ticket)
        with notebook.rival(lambda: taken.append(redis.smove(f"state:{before}", "state:taken", ticket)), at=at):
            was_moved = notebook.move_ticket(ticket, before, after)
        where = [name for name in (before, after, "taken") if redis.sismember(f"state:{name}", ticket)]
        expect(where, ["taken"] if taken == [True] else [after])
        expect(was_moved, taken != [True])


def test_move_ticket_is_never_lost(notebook, redis, some):
    """move_ticket keeps the ticket in exactly one set at every moment"""
    before, after, ticket = some.words(3)
    redis.sadd(f"state:{before}", ticket)
    moments = set()

    def look():
        moments.add(sum(redis.sismember(f"state:{name}", ticket) for name in (before, after)))

    with notebook.rival(look, before="every"):
        notebook.move_ticket(ticket, before, after)
        look()
    expect(moments, {1})


def test_online_among_keeps_the_order(notebook, redis, some):
    """online_among returns the contacts that are online, in the order of the list"""
    people = some.words(12)
    contacts, online = some.shuffled(people), people[::2]
    redis.sadd("online", *online, *some.words(3, 9))
    with notebook.counted() as seen:
        found = notebook.online_among(contacts)
    expect(found, [contact for contact in contacts if contact in online])


def test_online_among_takes_an_empty_list(notebook, redis):
    """online_among returns an empty list for an empty list"""
    redis.sadd("online", "somebody")
    expect(notebook.online_among([]), [])


def test_online_among_asks_once(notebook, redis, some):
    """online_among asks Redis once, however many contacts there are, and only the answers travel"""
    contacts = some.words(30)
    redis.sadd("online", *contacts[:5], *(f"somebody{number}" for number in range(500)))
    notebook.online_among(contacts)  # so that Redis knows the script, if there is one
    with notebook.counted() as seen:
        notebook.online_among(contacts)
    expect(seen, trips(1))
    expect(seen.bytes, wanted("an answer for each of 30 contacts, not 505 names", lambda sent: sent <= FEW_BYTES))


def test_week_report_counts(notebook, redis, some):
    """week_report counts all visitors of the days, those who came on every day, and those who were new on the last day"""
    days, people = some.words(3), some.words(12)
    for day, came in zip(days, (people[:6], people[2:8], [people[0], *people[4:7], *people[9:]]), strict=True):
        redis.sadd(f"visitors:{day}", *came)
    expect(notebook.week_report(days), {"visitors": 11, "faithful": 2, "new": 3})
    expect(notebook.week_report(days[:1]), {"visitors": 6, "faithful": 6, "new": 6})
    expect(notebook.week_report([*days, some.word(9)]), {"visitors": 11, "faithful": 0, "new": 0})


@rests_on("test_week_report_counts")
def test_week_report_sends_numbers(notebook, redis, some):
    """week_report lets Redis count, so that only numbers travel"""
    days = some.words(3)
    for day in days:
        redis.sadd(f"visitors:{day}", *(f"{day}{number}" for number in range(200)))
    with notebook.counted() as seen:
        notebook.week_report(days)
    expect(seen.bytes, wanted("some numbers from Redis, and no names", lambda sent: sent <= FEW_BYTES))


@rests_on("test_week_report_counts")
def test_week_report_leaves_nothing_behind(notebook, redis, some):
    """week_report changes no set, leaves no key behind, and disturbs no other report at the same moment"""
    days, people = some.words(2), some.words(6)
    sets = {f"visitors:{days[0]}": people[:4], f"visitors:{days[1]}": people[3:]}
    for key, came in sets.items():
        redis.sadd(key, *came)
    notebook.week_report(days)
    expect_unchanged(redis, sets)
    expect_no_fixed_key(notebook, redis, lambda: notebook.week_report(days))
