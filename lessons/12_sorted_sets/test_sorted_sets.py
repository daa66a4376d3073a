"""Lesson 12: sorted sets, members in the order of their scores."""

FEW_BYTES = 4000
ONLY_NONE = "and 0 counts as false for `if` and `or`; missing is None, and only that."
BEST_TAKEN_FOR_NOBODY = f"The best player was taken for one who is not on the board. Their rank is 0, {ONLY_NONE}"
LAST_TAKEN_FOR_NOBODY = (
    f"The last player was taken for one who is not on the board. Counted from the lowest, their rank is 0, {ONLY_NONE}"
)
WHOLE_BOARD = (
    "The whole board was sent, to find a few players in it. With a million players that is a million names each time."
)


def expect_few_bytes(notebook, redis, ask, because):
    """What `ask` has Redis send is about as much as is shown. The first two readings tell what the measuring takes."""
    readings = [redis.info("stats")["total_net_output_bytes"] for _ in range(2)]
    ask()
    sent = redis.info("stats")["total_net_output_bytes"] - 2 * readings[1] + readings[0]
    if sent > FEW_BYTES:
        notebook.expect(f"{sent} bytes", "some hundred bytes from Redis", because)


def expect_sorted_set(redis, key):
    """There is a sorted set under the key."""
    kind = redis.type(key)
    assert kind != "none", f"There is no key {key} in Redis after the call."
    assert kind == "zset", f"Under {key} there is a {kind}, not a sorted set."


def board_of(redis, some, count):
    """A board with `count` players, their scores all different: its key's second part, and the players, best first."""
    board, players = some.word(), some.words(count)
    scores = sorted(some.random.sample(range(1, 100 * count), count), reverse=True)
    redis.zadd(f"board:{board}", dict(zip(players, scores, strict=True)))
    return board, players, scores


def pairs(players, scores):
    """What best_and_worst returns for them, as plain data."""
    return [list(pair) for pair in zip(players, scores, strict=True)]


def test_add_points_adds(notebook, redis, some):
    """add_points adds the points to what the player has and returns the new score"""
    board, (player, other), had, more = some.word(), some.words(2), some.number(50, 900), some.number(2, 40)
    redis.zadd(f"board:{board}", {player: had, "somebody": 5})
    answer = notebook.add_points(board, player, more)
    expect_sorted_set(redis, f"board:{board}")
    score = redis.zscore(f"board:{board}", player)
    hint = f"The score belongs to the player in the sorted set board:<board>, here board:{board}."
    if score == more:
        hint = "The points have taken the place of the score. ZADD sets a score; adding is the work of ZINCRBY."
    notebook.expect(score, had + more, hint)
    notebook.expect(answer, had + more, "The new score is what should come back, as a number.")
    notebook.expect(notebook.add_points(board, other, more), more, "Who is not on the board yet begins with 0.")


def test_add_points_loses_none(notebook, redis, some):
    """add_points loses no points when two come at once"""
    key, player, had, more = f"board:{(board := some.word())}", some.word(), some.number(50, 900), some.number(2, 40)
    redis.zadd(key, {player: had})
    theirs = []
    with notebook.rival(lambda: theirs.append(redis.zincrby(key, 1000, player)), before="every", times=3):
        notebook.add_points(board, player, more)
        score = redis.zscore(key, player)
    hint = "Between reading and writing, someone else gave points to this player, and these are lost. ZINCRBY reads, adds and writes in one step."
    notebook.expect(score, had + more + 1000 * len(theirs), hint)
    new, before = some.word(12), len(theirs)
    with notebook.rival(lambda: theirs.append(redis.zincrby(key, 1000, new))):
        notebook.add_points(board, new, more)
        score = redis.zscore(key, new)
    hint = "The first two points of a new player came at once, and some are lost. ZINCRBY begins with 0 by itself: nobody has to look first."
    notebook.expect(score, more + 1000 * (len(theirs) - before), hint)


def test_record_best_keeps_the_best(notebook, redis, some):
    """record_best puts a player on the board and keeps the best score of each"""
    board, player, low, high = some.word(), some.word(), some.number(10, 300), some.number(400, 900)
    for score, best in ((low, low), (high, high), (low + 1, high)):
        notebook.record_best(board, player, score)
        expect_sorted_set(redis, f"board:{board}")
        found = redis.zrange(f"board:{board}", 0, -1, withscores=True)
        hint = f"After the call, board:{board} should hold the player with this score."
        lower = "A lower score has taken the place of the best one."
        notebook.expect([list(pair) for pair in found], [[player, best]], lower if best > score else hint)


def test_record_best_tells_a_record(notebook, redis, some):
    """record_best returns True for a first or a better score, and False for any other"""
    board, player, zero, score = some.word(), *some.words(2), some.number(10, 300)
    notebook.expect(notebook.record_best(board, player, score), True, "The first score of a player is a record: True.")
    better = "A better score is a record too. ZADD counts only those who are new, unless it is told to count the changed ones (ch)."
    notebook.expect(notebook.record_best(board, player, score + 1), True, better)
    notebook.expect(notebook.record_best(board, player, score + 1), False, "The same score again is no record: False.")
    notebook.expect(notebook.record_best(board, player, score - 1), False, "A lower score is no record: False.")
    notebook.expect(
        notebook.record_best(board, zero, 0),
        True,
        "A player's first score is a record, also if it is 0. No score at all is None.",
    )


def test_record_best_loses_none(notebook, redis, some):
    """record_best never replaces a better score that came in a moment ago"""
    key, player, score = f"board:{(board := some.word())}", some.word(), some.number(10, 300)
    redis.zadd(key, {player: score})
    with notebook.rival(lambda: redis.zadd(key, {player: score + 500})):
        answer = notebook.record_best(board, player, score + 100)
        best = redis.zscore(key, player)
    hint = "A better score came in between the look and the write, and was replaced. Looking first does not help; ZADD itself can be told to write only what is greater."
    notebook.expect(best, score + 500, hint)
    told = "A better score came in just before, so this one is no record, and it was called one. The answer of ZADD knows; a look before it does not."
    notebook.expect(bool(answer), False, told)
    new = some.word(12)
    with notebook.rival(lambda: redis.zadd(key, {new: score + 500})):
        notebook.record_best(board, new, score)
        best = redis.zscore(key, new)
    notebook.expect(best, score + 500, hint)


def expect_end(notebook, redis, some, end):
    """The list number `end` of best_and_worst has the players from that end of the board."""
    board, players, scores = board_of(redis, some, 12)
    best = pairs(players, scores)
    for count in (3, 5):
        answer = notebook.best_and_worst(board, count)
        assert isinstance(answer, list) and len(answer) == 2, (
            f"Two lists should come back. What came is {answer!r:.200}"
        )
        found, ends = answer[end], [best[:count], best[::-1][:count]]
        hint = "A list of pairs: player and score."
        if found == ends[1 - end]:
            hint = "It is the other end of the board. ZRANGE begins with the lowest score; REV (desc=True) turns it round."
        elif isinstance(found, list) and len(found) == count + 1:
            hint = (
                "It is one too many. ZRANGE takes first and last rank, and both belong to it: the last of k is k - 1."
            )
        elif isinstance(found, list) and found[::-1] == ends[end]:
            hint = "They are the right ones, in the wrong order."
        notebook.expect(found, ends[end], hint)


def test_best_and_worst_shows_the_best(notebook, redis, some):
    """best_and_worst has as its first list the best with their scores, best first, as many as asked for"""
    expect_end(notebook, redis, some, 0)


def test_best_and_worst_shows_the_worst(notebook, redis, some):
    """best_and_worst has as its second list the worst with their scores, worst first, as many as asked for"""
    expect_end(notebook, redis, some, 1)


def test_best_and_worst_of_few_or_none(notebook, redis, some):
    """best_and_worst returns all where they are fewer, and two empty lists for a count of 0"""
    board, players, scores = board_of(redis, some, 3)
    everyone = pairs(players, scores)
    for count in (10, 4):
        hint = f"Three are on the board: asked for {count}, all three come. A rank below 0 counts from the other end."
        notebook.expect(notebook.best_and_worst(board, count), [everyone, everyone[::-1]], hint)
    answer = notebook.best_and_worst(board, 0)
    hint = "Asked for none, nobody comes: two empty lists."
    if answer == [everyone, everyone[::-1]]:
        hint = "Asked for none, everybody came: 0 - 1 is -1, and rank -1 is the last of all."
    notebook.expect(answer, [[], []], hint)


def test_best_and_worst_fetches_no_more(notebook, redis, some):
    """best_and_worst fetches only those that it returns"""
    board, *_ = board_of(redis, some, 1000)
    hint = f"{WHOLE_BOARD} ZRANGE takes the first and the last rank that you want."
    expect_few_bytes(notebook, redis, lambda: notebook.best_and_worst(board, 3), hint)


def test_place_of_counts_from_the_top(notebook, redis, some):
    """place_of returns the place of a player, counted from the best"""
    board, players, _ = board_of(redis, some, 9)
    for place in (2, 6, 9):
        answer = notebook.place_of(board, players[place - 1])
        hint = "The best is on place 1, who comes after the best on place 2. Ranks begin with 0, places with 1."
        if place == 9 and not answer:
            hint = LAST_TAKEN_FOR_NOBODY
        elif answer in (9 - place, 10 - place):
            hint = "This place is counted from the lowest score. ZRANK counts from there; ZREVRANK counts from the highest."
        notebook.expect(answer, place, hint)


def test_place_of_knows_the_best(notebook, redis, some):
    """place_of returns 1 for the best of all"""
    board, players, _ = board_of(redis, some, 9)
    answer = notebook.place_of(board, players[0])
    hint = (
        BEST_TAKEN_FOR_NOBODY
        if answer is None or answer is False
        else "The best of all is on place 1. Ranks begin with 0, places with 1."
    )
    notebook.expect(answer, 1, hint)
    redis.zadd(f"board:{board}", {players[1]: redis.zscore(f"board:{board}", players[0])})
    answers = [notebook.place_of(board, player) for player in players[:2]]
    assert 1 in answers, (
        f"Two share the highest score, and neither is on place 1: {answers}. Count only those whose score is higher, or ask for the rank."
    )


def test_place_of_nobody(notebook, redis, some):
    """place_of returns None for who is not on the board"""
    board, *_ = board_of(redis, some, 9)
    notebook.expect(notebook.place_of(board, some.word(12)), None, "Who is not on the board has no place: None.")
    notebook.expect(
        notebook.place_of(some.word(12), some.word()), None, "There is no such board, and so no place: None."
    )


def test_place_of_fetches_no_more(notebook, redis, some):
    """place_of asks for the rank, not for the board"""
    board, players, _ = board_of(redis, some, 1000)
    hint = f"{WHOLE_BOARD} ZREVRANK finds the rank where the board is, and answers one number."
    expect_few_bytes(notebook, redis, lambda: notebook.place_of(board, players[700]), hint)


def expect_around(notebook, board, players, at, count, hint, nobody=""):
    """around returns the neighbours of the player with rank `at`, counted from the best. `nobody` is the hint for an empty list."""
    answer, expected = notebook.around(board, players[at], count), players[max(at - count, 0) : at + count + 1]
    if answer == []:
        hint = nobody or hint
    elif answer == expected[:-1]:
        hint = (
            "The last one is missing. The end of a Python slice does not belong to it; the last rank of ZRANGE does."
        )
    notebook.expect(answer, expected, hint)


def test_around_shows_neighbours(notebook, redis, some):
    """around returns the player with that many above and below, best first"""
    board, players, _ = board_of(redis, some, 15)
    for at, count in ((7, 2), (9, 3)):
        expect_around(
            notebook,
            board,
            players,
            at,
            count,
            "The player in the middle, and on either side as many as asked for, best first.",
        )


def test_around_at_the_ends(notebook, redis, some):
    """around returns those that there are for a player near the top or the bottom"""
    board, players, _ = board_of(redis, some, 15)
    top = "Above the top there is nobody, and those below are still due. A rank below 0 counts from the other end: -1 is the last."
    low = "Below the last there is nobody; those above are still due."
    expect_around(notebook, board, players, 1, 3, top)
    expect_around(notebook, board, players, 0, 3, top, BEST_TAKEN_FOR_NOBODY)
    expect_around(notebook, board, players, 13, 3, low)
    expect_around(notebook, board, players, 14, 3, low, LAST_TAKEN_FOR_NOBODY)


def test_around_nobody(notebook, redis, some):
    """around returns an empty list for who is not on the board"""
    board, *_ = board_of(redis, some, 9)
    notebook.expect(
        notebook.around(board, some.word(12), 2), [], "Who is not on the board has nobody around: an empty list."
    )


def clock(redis):
    """Redis' clock in seconds."""
    seconds, micros = redis.time()
    return seconds + micros / 1_000_000


def request_ids(some, count):
    """Different names for requests."""
    return [f"req-{word}" for word in some.words(count)]


def test_count_request_counts(notebook, redis, some):
    """count_request returns the number of requests in the window with this one, also of those at the same moment"""
    user, other, now, ids = *some.words(2), clock(redis), request_ids(some, 7)
    redis.zadd(f"window:{user}", {ids[0]: now - 50, ids[1]: now - 20})
    answers = [notebook.count_request(user, name, now - 10, 60) for name in ids[2:4]]
    answers.append(notebook.count_request(user, ids[4], now, 60))
    same = "Two requests came at the same moment and were counted as one. A member is in the set once: take the request for the member, the time for its score."
    notebook.expect(
        answers,
        [3, 4, 5],
        same if answers == [3, 3, 4] else "All requests of the last 60 seconds count, and this one with them.",
    )
    notebook.expect(notebook.count_request(other, ids[5], now, 60), 1, "Another user has a window of their own.")


def test_count_request_forgets_the_old(notebook, redis, some):
    """count_request counts no request that is older than the window, and takes it out of the set"""
    user, now, ids = some.word(), clock(redis), request_ids(some, 9)
    redis.zadd(
        f"window:{user}",
        {**{name: now - 61 - at for at, name in enumerate(ids[:5])}, ids[5]: now - 59, ids[6]: now - 1},
    )
    answer = notebook.count_request(user, ids[7], now, 60)
    notebook.expect(
        answer, 3, "Five requests are older than the window of 60 seconds. Count only those within, and this one."
    )
    hint = "The old requests are still in the set: it grows with each request, for ever. ZREMRANGEBYSCORE takes out all up to a time."
    notebook.expect(redis.zcard(f"window:{user}"), 3, hint)
    notebook.expect(
        notebook.count_request(user, ids[8], now + 1, 10), 3, "The window of this call is 10 seconds wide."
    )
    other, start = some.word(12), int(now) + 1
    answers = [
        notebook.count_request(other, name, start + at, 60)
        for name, at in zip(ids[:3], (0.1, 0.4, 60.25), strict=True)
    ]
    exact = "The window ends at `now`, the time that the call gives, with parts of a second: neither at this machine's clock nor at a whole second."
    notebook.expect(answers, [1, 2, 2], exact)


def test_count_request_expires(notebook, redis, some):
    """count_request has the set of a user who stays away expire when the window has passed"""
    key, seconds, ids = f"window:{(user := some.word())}", some.number(60, 600), request_ids(some, 2)
    redis.zadd(key, {ids[0]: clock(redis) - 5})
    redis.expire(key, 7)
    since = clock(redis)
    notebook.count_request(user, ids[1], since, seconds)
    assert redis.exists(key), f"There is no key {key} after the call."
    assert redis.ttl(key) != -1, (
        "A user who never comes back leaves this key behind for ever. EXPIRE gives it the width of the window to live."
    )
    end = redis.pexpiretime(key) / 1000
    hint = "The key should live for the width of the window from the last request on, so that no request is lost before its time."
    if not since + seconds - 1 <= end <= clock(redis) + seconds + 2:
        notebook.expect(f"{end - clock(redis):.0f} s left", f"{seconds} s", hint)
    fresh = some.word(12)
    notebook.count_request(fresh, ids[0], since, seconds)
    first = "A user who came once leaves this key behind for ever. EXPIRE comes after ZADD, which makes the key, and without a condition such as gt."
    assert redis.ttl(f"window:{fresh}") != -1, first


def test_count_request_at_once(notebook, redis, some):
    """count_request misses no request that came in just before its own"""
    key, now, before, theirs, places = f"window:{(user := some.word())}", clock(redis), 3, [], []
    redis.zadd(key, dict.fromkeys(request_ids(some, before), now - 5))

    def another():
        is_in = redis.zcard(key) > before + len(theirs)
        redis.zadd(key, {(name := f"other-{len(theirs)}"): now - 1})
        theirs.append(name)
        if not is_in:
            places.append(name)

    with notebook.rival(another, before="every", times=3):
        answer = notebook.count_request(user, request_ids(some, 1)[0], now, 60)
    least = before + len(places) + 1
    hint = "Another request came in between the count and the ZADD: two got the same number, and the limit lets one too many in. Add first, then count; or both in one step."
    assert isinstance(answer, (int, float)), f"A number was promised; what came is {answer!r:.80}"
    notebook.expect(answer if answer < least else least, least, hint)


def test_keep_best_keeps_the_best(notebook, redis, some):
    """keep_best puts the player on the board and keeps only the best, as many as its size"""
    board, players, scores = board_of(redis, some, 6)
    new, score = some.word(12), scores[2] - 0.5
    notebook.keep_best(board, new, score, 5)
    found, expected = redis.zrange(f"board:{board}", 0, -1, desc=True), [*players[:3], new, *players[3:4]]
    hint = "The five best should be left, and nobody else."
    if len(found) == 5 and players[0] not in found:
        hint = "The best were taken out, and the worst were kept. Rank 0 is the lowest score: cut from there, and let the end of the cut be counted from the top."
    elif len(found) == 7:
        hint = "Nobody was taken out: all seven are still on the board."
    elif found == expected[:-1]:
        hint = "One too many was taken out. With a size of 5 the ranks -5 to -1 stay, so the cut ends at -6."
    notebook.expect(found, expected, hint)
    notebook.keep_best(board, some.word(11), scores[3] - 0.5, 5)
    low = "The new score was lower than all five: the new one goes out, and the five stay. Add first, then cut."
    notebook.expect(redis.zrange(f"board:{board}", 0, -1, desc=True), expected, low)


def test_keep_best_keeps_all_while_there_is_room(notebook, redis, some):
    """keep_best takes nobody out while there is room"""
    board, players, scores = board_of(redis, some, 3)
    new = some.word(12)
    notebook.keep_best(board, new, scores[-1] - 0.5, 6)
    hint = "There was room for six, and only three were on the board: all four stay."
    notebook.expect(redis.zrange(f"board:{board}", 0, -1, desc=True), [*players, new], hint)
    notebook.keep_best(board, new, scores[0] + 1, 4)
    there = "The player was on the board already and needs no second place: a member is in the set once, and nobody has to go out."
    notebook.expect(redis.zrange(f"board:{board}", 0, -1, desc=True), [new, *players], there)


def test_keep_best_tells_who_made_it(notebook, redis, some):
    """keep_best returns whether the player is among the best"""
    board, _, scores = board_of(redis, some, 5)
    first, second, top = some.words(3, 12)
    notebook.expect(
        notebook.keep_best(board, first, scores[-1] + 0.5, 5), True, "The player is on the board now: True."
    )
    notebook.expect(
        notebook.keep_best(board, second, scores[-1] - 0.5, 5), False, "The score was too low for the board: False."
    )
    best = "The player is the best of all now: True. Their rank is 0, and 0 counts as false; missing is None, and only that."
    notebook.expect(notebook.keep_best(board, top, scores[0] + 1, 5), True, best)
    zero = (
        "The player is on the board with 0 points: True. A score of 0 counts as false; missing is None, and only that."
    )
    notebook.expect(notebook.keep_best(some.word(12), top, 0, 5), True, zero)


def test_keep_best_in_one_step(notebook, redis, some):
    """keep_best never shows one too many or one too few, not even for a moment"""
    board, _, scores = board_of(redis, some, 5)
    key, new, other, third = f"board:{board}", *some.words(3, 12)
    sizes = []
    with notebook.rival(lambda: sizes.append(redis.zcard(key)), before="every"):
        notebook.keep_best(board, new, scores[0] + 1, 5)
        after = redis.zcard(key)
    hint = "Whoever looked between the two commands saw another number of players than five. A pipeline sends both as one transaction (MULTI)."
    notebook.expect(set(sizes), {5}, hint)
    notebook.expect(
        after, 5, "Five were on the board, and five should be there after the call: for the new one, one goes out."
    )
    with notebook.rival(lambda: redis.zadd(key, {other: scores[0] + 2})):
        notebook.keep_best(board, third, scores[0] + 3, 6)
        after = redis.zcard(key)
    left = "One place was left, and two took it: another player came in between the look and the ZADD. Add and cut in one transaction, without a look before."
    notebook.expect(after, 6, left)


def test_take_next_takes_the_most_urgent(notebook, redis, some):
    """take_next takes out the job with the lowest number and returns its name"""
    queue, jobs = some.word(), some.words(6)
    numbers = sorted(some.random.sample(range(1, 500), 6))
    redis.zadd(f"queue:{queue}", dict(some.shuffled(list(zip(jobs, numbers, strict=True)))))
    for at in range(2):
        answer = notebook.take_next(queue)
        hint = "The job with the lowest number is the most urgent one. Its name alone should come back."
        if isinstance(answer, list):
            hint = "ZPOPMIN answers a list of pairs, member and score. The name of the job is the first part of the first pair."
        elif answer == jobs[-1]:
            hint = "This is the job with the highest number. ZPOPMAX takes it; ZPOPMIN takes the lowest."
        notebook.expect(answer, jobs[at], hint)
        notebook.expect(
            redis.zrange(f"queue:{queue}", 0, -1),
            jobs[at + 1 :],
            "This job, and no other, should be out of the queue.",
        )


def test_take_next_of_an_empty_queue(notebook, some):
    """take_next returns None where no job waits"""
    notebook.expect(notebook.take_next(some.word()), None, "No job waits: None.")


def test_take_next_gives_a_job_to_one(notebook, redis, some):
    """take_next never takes a job that another worker took a moment ago"""
    key, jobs, theirs = f"queue:{(queue := some.word())}", some.words(6), []
    redis.zadd(key, {job: at for at, job in enumerate(jobs)})
    with notebook.rival(lambda: theirs.append(redis.zpopmin(key)[0][0]), before="every", times=2):
        mine = notebook.take_next(queue)
        left = redis.zrange(key, 0, -1)
    hint = "Another worker took this job in between, and now two do it. Looking and taking out were two steps; ZPOPMIN is one."
    notebook.expect([job for job in theirs if job == mine], [], hint)
    hint = "A job is neither done nor waiting any more. ZPOPMIN takes out the one that it answers."
    if mine in left:
        hint = "The job that came back is still in the queue, and the next worker gets it too. ZPOPMIN takes out the one that it answers."
    notebook.expect(left, [job for job in jobs if job not in (*theirs, mine)], hint)
    assert mine is not None, (
        "Jobs were waiting, and None came back: another worker had taken the one that was looked at. ZPOPMIN looks and takes in one step."
    )
