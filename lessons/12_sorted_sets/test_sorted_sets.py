"""Lesson 12: sorted sets, members in the order of their scores."""

from workshop.grader import expect, few_bytes, one_of, rests_on, wanted


def board_of(redis, some, count):
    """A board with `count` players, their scores all different: its key's second part, and the players, best first."""
    board, players = some.word(), some.words(count)
    scores = sorted(some.random.sample(range(1, 100 * count), count), reverse=True)
    redis.zadd(f"board:{board}", dict(zip(players, scores, strict=True)))
    return board, players, scores


def test_add_points_adds(notebook, redis, some):
    """add_points adds the points to what the player has and returns the new score"""
    board, (player, other), had, more = some.word(), some.words(2), some.number(50, 900), some.number(2, 40)
    key = f"board:{board}"
    redis.zadd(key, {player: had, "somebody": 5})
    total = notebook.add_points(board, player, more)
    score = redis.zscore(key, player)
    expect(score, had + more)
    expect(total, had + more)
    expect(notebook.add_points(board, other, more), more)


@rests_on("test_add_points_adds")
def test_add_points_loses_none(notebook, redis, some):
    """add_points loses no points when two come at once, and returns the score that its own made"""
    key, more = f"board:{(board := some.word())}", some.number(2, 40)
    for at, had in notebook.steps(some.number(50, 900), 0):
        who, seen = some.word(12), []
        redis.zadd(key, {who: had} if had else {"somebody": 5})
        with notebook.rival(lambda: seen.append(redis.zscore(key, who)) or redis.zincrby(key, 1000, who), at=at):
            total = notebook.add_points(board, who, more)
        score = redis.zscore(key, who)
        expect(score, had + more + 1000 * len(seen))
        expect(total, had + more if seen == [had + more] else score)  # our points were there before the 1000, or not


def test_record_best_keeps_the_best(notebook, redis, some):
    """record_best puts a player on the board and keeps the best score of each"""
    board, player, low, high = some.word(), some.word(), some.number(10, 300), some.number(400, 900)
    key = f"board:{board}"
    for score, best in ((low, low), (high, high), (low + 1, high)):
        notebook.record_best(board, player, score)
        expect(dict(redis.zrange(key, 0, -1, withscores=True)), {player: best})


@rests_on("test_record_best_keeps_the_best")
def test_record_best_tells_a_record(notebook, some):
    """record_best returns True for a first or a better score, and False for any other"""
    board, (player, zero), score = some.word(), some.words(2), some.number(10, 300)
    scores = (score, score + 1, score + 1, score - 1)
    expect([notebook.record_best(board, player, one) for one in scores], [True, True, False, False])
    expect(notebook.record_best(board, zero, 0), True)


@rests_on("test_record_best_tells_a_record")
def test_record_best_loses_none(notebook, redis, some):
    """record_best never replaces a better score that came in a moment ago"""
    key, score = f"board:{(board := some.word())}", some.number(10, 300)
    for at, had in notebook.steps(score, 0):
        who, seen = some.word(12), []
        redis.zadd(key, {who: had} if had else {"somebody": 5})
        with notebook.rival(lambda: seen.append(redis.zscore(key, who)) or redis.zadd(key, {who: score + 500}), at=at):
            is_record = notebook.record_best(board, who, score + 100)
        expect(redis.zscore(key, who), score + (500 if seen else 100))
        expect(bool(is_record), seen in ([], [score + 100]))


def expect_end(notebook, redis, some, end):
    """The list number `end` of best_and_worst has the players from that end of the board."""
    board, players, scores = board_of(redis, some, 12)
    worst = (best := list(map(list, zip(players, scores, strict=True))))[::-1]
    for count in (3, 5):
        lists = notebook.best_and_worst(board, count)
        expect(lists, wanted("two lists", lambda lists: isinstance(lists, list) and len(lists) == 2))
        expect(lists[end], (best, worst)[end][:count])


def test_best_and_worst_shows_the_best(notebook, redis, some):
    """best_and_worst returns as its first list the best with their scores, best first, as many as asked for"""
    expect_end(notebook, redis, some, 0)


def test_best_and_worst_shows_the_worst(notebook, redis, some):
    """best_and_worst returns as its second list the worst with their scores, worst first, as many as asked for"""
    expect_end(notebook, redis, some, 1)


@rests_on("test_best_and_worst_shows_the_best", "test_best_and_worst_shows_the_worst")
def test_best_and_worst_of_few_or_none(notebook, redis, some):
    """best_and_worst returns all if there are fewer, and two empty lists for a count of 0"""
    board, players, scores = board_of(redis, some, 3)
    everyone = list(map(list, zip(players, scores, strict=True)))
    for count in (10, 4):
        expect(notebook.best_and_worst(board, count), [everyone, everyone[::-1]])
    expect(notebook.best_and_worst(board, 0), [[], []])


def test_best_and_worst_fetches_no_more(notebook, redis, some):
    """best_and_worst fetches only those that it returns"""
    board, *_ = board_of(redis, some, 1000)
    expect(redis.sent(lambda: notebook.best_and_worst(board, 3)), few_bytes())


def test_place_of_counts_from_the_top(notebook, redis, some):
    """place_of returns the place of a player, counted from the best"""
    board, players, _ = board_of(redis, some, 9)
    for place in (2, 6, 9):
        expect(notebook.place_of(board, players[place - 1]), place)


@rests_on("test_place_of_counts_from_the_top")
def test_place_of_knows_the_best(notebook, redis, some):
    """place_of returns 1 for the best of all"""
    board, players, scores = board_of(redis, some, 9)
    expect(notebook.place_of(board, players[0]), 1)
    redis.zadd(f"board:{board}", {players[1]: scores[0]})
    places = [notebook.place_of(board, player) for player in players[:2]]
    expect(places, wanted("1 for one of the two who share the highest score", lambda places: 1 in places))


@rests_on("test_place_of_counts_from_the_top")
def test_place_of_nobody(notebook, redis, some):
    """place_of returns None for a player who is not on the board"""
    expect(notebook.place_of(board_of(redis, some, 9)[0], some.word(12)), None)
    expect(notebook.place_of(some.word(12), some.word()), None)


@rests_on("test_place_of_counts_from_the_top")
def test_place_of_fetches_no_more(notebook, redis, some):
    """place_of asks for the rank, not for the board"""
    board, players, _ = board_of(redis, some, 1000)
    expect(redis.sent(lambda: expect(notebook.place_of(board, players[700]), 701)), few_bytes())


def test_around_shows_neighbours(notebook, redis, some):
    """around returns the player with that many above and below, best first"""
    board, players, _ = board_of(redis, some, 15)
    for at, count in ((6, 2), (9, 3)):  # none in the middle: from both ends the same would be right there
        expect(notebook.around(board, players[at], count), players[at - count : at + count + 1])


@rests_on("test_around_shows_neighbours")
def test_around_at_the_ends(notebook, redis, some):
    """around returns as many as there are for a player near the top or the bottom"""
    board, players, _ = board_of(redis, some, 15)
    for at, count in ((1, 3), (0, 3), (13, 3), (14, 3)):
        expect(notebook.around(board, players[at], count), players[max(at - count, 0) : at + count + 1])


def test_around_nobody(notebook, redis, some):
    """around returns an empty list for a player who is not on the board"""
    board, *_ = board_of(redis, some, 9)
    expect(notebook.around(board, some.word(12), 2), [])


@rests_on("test_around_shows_neighbours")
def test_around_fetches_no_more(notebook, redis, some):
    """around fetches only those that it returns"""
    board, players, _ = board_of(redis, some, 1000)
    expect(redis.sent(lambda: expect(notebook.around(board, players[500], 3), players[497:504])), few_bytes())


def test_count_request_counts(notebook, redis, some):
    """count_request returns the number of requests in the window with this one, also of those at the same moment"""
    key, other, now, ids = f"window:{(user := some.word())}", some.word(), redis.clock(), some.words(6)
    redis.zadd(key, {ids[0]: now - 50, ids[1]: now - 20})
    numbers = [notebook.count_request(user, *one, 60) for one in zip(ids[2:5], (now - 10, now - 10, now), strict=True)]
    expect(numbers, [3, 4, 5])
    expect(notebook.count_request(other, ids[5], now, 60), 1)


def test_count_request_forgets_the_old(notebook, redis, some):
    """count_request counts no request that is older than the window, and takes it out of the set"""
    key, now, ids = f"window:{(user := some.word())}", redis.clock(), some.words(9)
    redis.zadd(key, {name: now - 61 - at for at, name in enumerate(ids[:5])} | {ids[5]: now - 59, ids[6]: now - 1})
    number = notebook.count_request(user, ids[7], now, 60)
    expect(number, 3)
    expect(redis.zcard(key), 3)
    expect(notebook.count_request(user, ids[8], now + 1, 10), 3)
    other, start = some.word(12), int(now) + 1
    times = [start + 0.1, start + 0.4, start + 0.5, start + 60.25, start + 60.5]  # the last is 60 s after the third
    numbers = [notebook.count_request(other, name, at, 60) for name, at in zip(ids[:5], times, strict=True)]
    expect(numbers, [1, 2, 3, 3, 2])


def test_count_request_expires(notebook, redis, some):
    """count_request lets the set of a user who stays away expire once the window has passed"""
    (new_user, user), seconds, ids = some.words(2, 9), some.number(60, 600), some.words(2)
    key, new_key, now = f"window:{user}", f"window:{new_user}", redis.clock()
    with notebook.counted() as seen:
        notebook.count_request(new_user, ids[0], now, seconds)
    expect(redis.ttl(new_key), wanted("a time to live", lambda left: left != -1))
    redis.zadd(key, {ids[0]: redis.clock() - 5})
    redis.expire(key, 7)
    since = redis.clock()
    notebook.count_request(user, ids[1], since, seconds)
    end, now = redis.pexpiretime(key) / 1000, redis.clock()
    in_time = since + seconds - 1 <= end <= now + seconds + 2
    expect(round(end - now) if end > 0 else redis.ttl(key), wanted(f"{seconds} s left", lambda _: in_time))


def test_count_request_at_once(notebook, redis, some):
    """count_request misses no request that came in just before its own"""
    now, before = redis.clock(), 3
    for at in notebook.steps():
        key, seen = f"window:{(user := some.word())}", []
        redis.zadd(key, dict.fromkeys(some.words(before), now - 5))
        with notebook.rival(lambda: seen.append(redis.zcard(key)) or redis.zadd(key, {"other": now - 1}), at=at):
            number = notebook.count_request(user, some.word(), now, 60)
        least = before + seen.count(before) + 1
        expect(number, wanted(f"{least} or more", lambda number: isinstance(number, (int, float)) and number >= least))


def test_keep_best_keeps_the_best(notebook, redis, some):
    """keep_best puts the player on the board and keeps only the best, as many as its size"""
    board, players, scores = board_of(redis, some, 6)
    key, new, low = f"board:{board}", some.word(12), some.word(11)
    for who, score in ((new, scores[2] - 0.5), (low, scores[3] - 0.5)):
        notebook.keep_best(board, who, score, 5)
        expect(redis.zrange(key, 0, -1, desc=True), [*players[:3], new, players[3]])


@rests_on("test_keep_best_keeps_the_best")
def test_keep_best_keeps_all_while_there_is_room(notebook, redis, some):
    """keep_best takes nobody out while there is room, and gives a player who is there the new score"""
    board, players, scores = board_of(redis, some, 3)
    new = some.word(12)
    notebook.keep_best(board, new, scores[-1] - 0.5, 6)
    expect(redis.zrange(f"board:{board}", 0, -1, desc=True), [*players, new])
    notebook.keep_best(board, new, scores[0] + 1, 4)
    expect(redis.zrange(f"board:{board}", 0, -1, desc=True), [new, *players])
    notebook.keep_best(board, players[0], scores[-1] - 0.5, 4)
    expect(redis.zrange(f"board:{board}", 0, -1, desc=True), [new, *players[1:], players[0]])


@rests_on("test_keep_best_keeps_the_best", "test_keep_best_keeps_all_while_there_is_room")
def test_keep_best_tells_who_made_it(notebook, redis, some):
    """keep_best returns whether the player is among the best"""
    board, players, scores = board_of(redis, some, 5)
    tries = (scores[-1] + 0.5, scores[-1] - 0.5, scores[0] + 2, scores[0] + 1)
    names = [*some.words(3, 12), players[1]]  # the last one is on the board already
    expect([notebook.keep_best(board, *one, 5) for one in zip(names, tries, strict=True)], [True, False, True, True])
    expect(notebook.keep_best(some.word(12), some.word(), 0, 5), True)


@rests_on("test_keep_best_keeps_the_best", "test_keep_best_keeps_all_while_there_is_room")
def test_keep_best_in_one_step(notebook, redis, some):
    """keep_best never shows one too many or one too few, not even for a moment"""
    (board, _, scores), (new, other), sizes = board_of(redis, some, 5), some.words(2, 12), set()
    key = f"board:{board}"
    with notebook.rival(lambda: sizes.add(redis.zcard(key)), before="every"):
        notebook.keep_best(board, new, scores[0] + 1, 5)
    sizes.add(redis.zcard(key))
    expect(sizes, {5})
    for at in notebook.steps():  # the place that is left is taken
        board, _, scores = board_of(redis, some, 5)
        key = f"board:{board}"
        with notebook.rival(lambda: redis.zscore(key, new) or redis.zadd(key, {other: scores[0] + 2}), at=at):
            notebook.keep_best(board, new, scores[0] + 3, 6)
        expect(redis.zcard(key), 6)


def test_take_next_takes_the_most_urgent(notebook, redis, some):
    """take_next takes out the job with the lowest number and returns its name"""
    queue, jobs, numbers = some.word(), some.words(6), sorted(some.random.sample(range(1, 500), 6))
    redis.zadd(f"queue:{queue}", dict(some.shuffled(list(zip(jobs, numbers, strict=True)))))
    for at in range(2):
        expect(notebook.take_next(queue), jobs[at])
        expect(redis.zrange(f"queue:{queue}", 0, -1), jobs[at + 1 :])


def test_take_next_of_an_empty_queue(notebook, some):
    """take_next returns None if no job waits"""
    expect(notebook.take_next(some.word()), None)


@rests_on("test_take_next_takes_the_most_urgent")
def test_take_next_gives_a_job_to_one(notebook, redis, some):
    """take_next never takes a job that another worker took a moment ago"""
    for at in notebook.steps():
        key, jobs, theirs = f"queue:{(queue := some.word())}", some.words(6), []
        redis.zadd(key, {job: number for number, job in enumerate(jobs)})
        with notebook.rival(lambda: theirs.append(redis.zpopmin(key)[0][0]), at=at):
            mine = notebook.take_next(queue)
        expect(mine, wanted("a job that no other worker took", lambda mine: mine is not None and mine not in theirs))
        expect(redis.zrange(key, 0, -1), [job for job in jobs if job not in (*theirs, mine)])


def week_of(redis, some, count):
    """Boards of three days, a player less each day: the days, and all players with their sums, no two alike, best first."""
    days, players = some.words(3), some.words(count)
    for at, day in enumerate(days):
        redis.zadd(f"board:{day}", {one: 3 * count * some.number(1, 25) + n for n, one in enumerate(players[at:])})
    return days, [list(pair) for pair in redis.zunion([f"board:{day}" for day in days], withscores=True)[::-1]]


def week(redis):
    """What is in `week` now, and whether it ends within an hour."""
    return dict(redis.zrange("week", 0, -1, withscores=True)), 3500 <= redis.ttl("week") <= 3600


def test_top_of_week_adds_up(notebook, redis, some):
    """top_of_week makes `week` of these days' boards, without the banned and for an hour, and returns its best as pairs"""
    days, best = week_of(redis, some, 6)
    redis.zadd("week", {best[-1][0]: 500, some.word(9): 9999})
    redis.sadd("banned", (banned := best.pop(1))[0], some.word(9))
    expect(notebook.top_of_week(days, 3), best[:3])
    expect(week(redis)[0], dict(best))
    expect(dict(redis.zunion([f"board:{day}" for day in days], withscores=True)), dict([*best, banned]))
    expect(redis.ttl("week"), wanted("an hour", lambda left: 3500 <= left <= 3600))


@rests_on("test_top_of_week_adds_up")
def test_top_of_week_in_one_step(notebook, redis, some):
    """top_of_week is one step: nobody sees half a `week`, and no other call changes what it returns"""
    (days, best), theirs, looks, names = week_of(redis, some, 6), {some.word(9): 9999}, [], (set(), set())
    redis.sadd("banned", best[0][0])

    def another():
        looks.append(week(redis))
        own.update(set(redis.keys()) - {"week", "banned", *(f"board:{day}" for day in days)})
        redis.pipeline().delete("week").zadd("week", theirs).expire("week", 3600).execute()

    for own in names:
        with notebook.rival(another, before="every"):
            top = notebook.top_of_week(days, 3)
        looks.append(week(redis))
    for look in looks[1:]:
        expect(look, one_of((theirs, True), (dict(best[1:]), True)))
    expect(top, best[1:4])
    expect(names[0] & names[1], wanted("no key of its own with one name in two calls", lambda both: not both))
    for at in notebook.steps():  # the best is banned, unless `week` is made by then
        days, [cheat, *honest] = week_of(redis, some, 6)
        redis.delete("week", "banned")
        with notebook.rival(lambda: redis.exists("week") or redis.sadd("banned", cheat[0]), at=at):
            top = notebook.top_of_week(days, 3)
        expect(top, honest[:3] if redis.exists("banned") else [cheat, *honest[:2]])


def test_top_of_week_fetches_no_more(notebook, redis, some):
    """top_of_week fetches only those that it returns"""
    days, _ = week_of(redis, some, 800)
    expect(redis.sent(lambda: notebook.top_of_week(days, 3)), few_bytes())
