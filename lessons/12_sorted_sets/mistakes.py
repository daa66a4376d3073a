"""What goes wrong in lesson 12. Looked through after a check has failed, from the top; the first that holds is the
hint."""

from workshop.grader import mistake


def is_less(actual, expected):
    """Whether both are numbers, and the first is the smaller one."""
    return isinstance(actual, (int, float)) and isinstance(expected, (int, float)) and actual < expected


def scores_of(redis, key):
    """The scores of the sorted set at `key`, lowest first; none if there is no such set."""
    return [score for _, score in redis.zrange(key, 0, -1, withscores=True)] if redis.type(key) == "zset" else []


def is_pair(one):
    """Whether this is a pair of a player and their points."""
    is_two = isinstance(one, (list, tuple)) and len(one) == 2
    return is_two and isinstance(one[0], str) and isinstance(one[1], (int, float))


def points_in(actual):
    """A list of pairs (player, points), or what is in `week`, as a dict; empty if it is neither."""
    if isinstance(actual, list) and all(map(is_pair, actual)):
        return dict(actual)
    return actual if isinstance(actual, dict) and all(map(is_pair, actual.items())) else {}


def expires_in(seen):
    """How often Redis was told, in what it received, to end a key."""
    return sum(seen[name] for name in ("expire", "pexpire", "expireat", "pexpireat"))


@mistake("test_add_points_adds", "test_record_best_keeps_the_best", "test_count_request_counts")
def stored_under_another_key(redis, key):
    """Redis has a key {other} now. What the function stores belongs in {key}."""
    others = [other for other in redis.keys("*") if other != key and key.partition(":")[2] in other]
    return {"key": key, "other": others[0]} if others else False


@mistake("test_add_points_adds")
def zadd_where_zincrby_is_due(score, more):
    """The points have replaced the score. ZADD sets a score; ZINCRBY adds to it."""
    return score == more


@mistake("test_add_points_loses_none")
def the_first_points_written(actual, more, had, score):
    """The first points of a new player came from two sides at once, and some were lost. ZINCRBY begins with 0 by
    itself: there is no need to look first."""
    return not had and actual == score == more


@mistake("test_add_points_loses_none")
def points_read_then_written(had, more, score, seen):
    """Between reading and writing, someone else gave points to this player, and these were lost. ZINCRBY reads, adds
    and writes in one step."""
    return is_less(score, had + more + 1000 * len(seen)) and score == had + more


@mistake("test_add_points_loses_none")
def read_after_zincrby(total, score, had, more, seen):
    """Someone else gave 1000 points after yours, and the score that came back counts them too. ZINCRBY itself returns
    the score that your points made; a look after it can be late."""
    return seen == [had + more] and total == score


@mistake("test_add_points_loses_none")
def the_look_before_added_to(total, score, had, more):
    """Someone else gave 1000 points before yours, and the score that came back, {total}, does not count them: no score
    on the board was ever this. A look before can be out of date. ZINCRBY returns the score that your points made."""
    return total == had + more and score == had + more + 1000 and {"total": total}


@mistake("test_add_points_adds")
def the_number_of_new_ones(total, had, more, score):
    """The board has the new score, and 0 came back. ZADD returns how many players were new, and nobody was. ZINCRBY adds
    to the score, and returns the new one."""
    return type(total) is int and total == 0 and score == had + more


@mistake("test_record_best_keeps_the_best")
def any_score_replaces_the_best(actual, player, score, best):
    """A lower score has replaced the best one. ZADD can be told to write only what is greater: gt."""
    return score < best and actual == {player: score}


@mistake("test_record_best_keeps_the_best")
def the_first_score_not_written(actual, score, low):
    """The player's first score was not written: the board is empty. ZADD with xx changes only members that are there; gt
    alone adds new ones too."""
    return score == low and actual == {}


@mistake("test_record_best_keeps_the_best")
def a_better_score_not_written(actual, player, low, high, score):
    """The player had {low} and then reached {high}, and the board still says {low}. ZADD with nx writes only who is new,
    with lt only a lower score; gt writes a greater one."""
    return score == high and actual == {player: low} and {"low": low, "high": high}


@mistake("test_record_best_tells_a_record")
def gt_without_ch(actual):
    """A better score is a record too, and the function said that it is none. ZADD counts only those who are new, unless it
    is told to count the changed ones as well (ch)."""
    return actual == [True, False, False, False]


@mistake("test_record_best_tells_a_record")
def told_the_wrong_way_round(actual):
    """True and False are the wrong way round: a first and a better score returned False, and the two others True."""
    return actual == [False, False, True, True]


@mistake("test_record_best_tells_a_record")
def equal_score_told_as_a_record(actual):
    """The third score was equal to the best one, so it is no record, and True came back. ZADD itself tells whether it wrote
    a score, if gt and ch go together; a look at the board afterwards does not."""
    return isinstance(actual, list) and actual[2:3] == [True]


@mistake("test_record_best_tells_a_record")
def zero_taken_for_no_score(actual):
    """A player's first score is a record, also if it is 0. A score of 0 counts as false for `if` and `or`; no score at
    all is None."""
    return actual is False


@mistake("test_record_best_loses_none")
def looked_at_before_zadd(actual, expected):
    """A better score came in between the look and the write, and was replaced. Looking first does not help; ZADD
    itself can be told to write only what is greater."""
    return type(expected) is int and is_less(actual, expected)


@mistake("test_record_best_loses_none")
def a_record_by_the_look_before(actual):
    """A better score came in just before, so this one is no record, and True came back. ZADD itself tells whether it
    wrote the score; a look before it does not."""
    return actual is True


@mistake("expect_end")
def the_two_lists_swapped(lists, best, worst, count):
    """The first list has the worst and the second one the best: they are the wrong way round. ZRANGE begins with the lowest
    score; with desc=True it begins with the highest."""
    return lists == [worst[:count], best[:count]]


@mistake("expect_end")
def ascending_order(lists, end, best, worst, count):
    """These are the players at the other end of the board. ZRANGE begins with the lowest score; desc=True turns it
    round."""
    return isinstance(lists, list) and len(lists) == 2 and lists[end] == (worst, best)[end][:count]


@mistake("expect_end")
def the_best_turned_round(lists, end, best, count):
    """The second list has the {count} best once more, in the other order. The {count} worst are other players, at the
    other end of the board: ask for a range from there."""
    is_best = isinstance(lists, list) and len(lists) == 2 and lists[end] == best[:count][::-1]
    return end == 1 and is_best and {"count": count}


@mistake("expect_end")
def stop_k_taken_for_exclusive(lists, end, best, worst, count):
    """There is one player too many. ZRANGE takes the first and the last rank, and includes both: the last of k is k -
    1."""
    return isinstance(lists, list) and len(lists) == 2 and lists[end] == (best, worst)[end][: count + 1]


@mistake("expect_end", "test_top_of_week_adds_up")
def names_without_scores(actual, expected):
    """The players came without their scores. ZRANGE returns pairs if it is told to: withscores=True."""
    return isinstance(expected, list) and expected and actual == [player for player, _ in expected]


@mistake("expect_end")
def the_right_ones_in_the_wrong_order(actual, expected):
    """They are the right players, in the wrong order: the first list begins with the best, the second with the
    worst."""
    return isinstance(actual, list) and isinstance(expected, list) and actual == expected[::-1]


@mistake("test_best_and_worst_of_few_or_none")
def none_asked_for_and_all_came(actual, count, everyone, expected):
    """Asked for 0 players, the function returned all of them. With a count of 0, count - 1 is -1, the rank of the last
    of all, and -count is 0, the rank of the first.
    """
    return expected == [[], []] and actual == [everyone, everyone[::-1]]


@mistake("test_best_and_worst_of_few_or_none")
def a_start_below_rank_0(actual, everyone, count):
    """Three are on the board: asked for {count}, the function should return all three, and a single one came. 3 - {count}
    is -1, and a rank below 0 counts from the other end."""
    single = isinstance(actual, list) and any(one in ([everyone[0]], [everyone[-1]]) for one in actual)
    return {"count": count} if single and count == len(everyone) + 1 else False


@mistake("test_best_and_worst_fetches_no_more", "test_around_fetches_no_more")
def the_board_sliced_in_python(actual):
    """Redis sent {actual} bytes to show a few of a thousand players; with a million players it would be a thousand
    times as much. ZRANGE takes the first and the last rank that you want."""
    return isinstance(actual, int) and actual > 4000 and {"actual": actual}


@mistake("test_place_of_fetches_no_more")
def the_board_searched_in_python(actual):
    """Redis sent {actual} bytes to find one of a thousand players; with a million players it would be a thousand times
    as much. ZREVRANK finds the rank in Redis, and only a number travels."""
    return isinstance(actual, int) and actual > 4000 and {"actual": actual}


@mistake("test_place_of_fetches_no_more")
def a_part_of_the_board_searched(actual):
    """The player is on place 701 of the board, and None came back: only a part of the board was searched. ZREVRANK finds
    the rank of anyone."""
    return actual is None


@mistake("test_place_of_counts_from_the_top")
def the_last_taken_for_nobody(actual, place, players):
    """The last player was taken for one who is not on the board. Counted from the lowest, their rank is 0, and 0
    counts as false for `if` and `or`; missing is None, and only that."""
    return place == len(players) and (actual is None or actual is False)


@mistake("test_place_of_counts_from_the_top")
def the_rank_for_the_place(actual, place):
    """The place is one too low. Ranks begin with 0, places with 1: the best player is on place 1."""
    return actual == place - 1


@mistake("test_place_of_counts_from_the_top")
def zrank_for_zrevrank(actual, place, players):
    """This place is counted from the lowest score. ZRANK counts from there; ZREVRANK counts from the highest."""
    return actual in (len(players) - place, len(players) - place + 1)


@mistake("test_place_of_knows_the_best")
def the_best_taken_for_nobody(actual):
    """The best player was taken for one who is not on the board. Their rank is 0, and 0 counts as false for `if` and
    `or`; missing is None, and only that."""
    return actual is None or actual is False


@mistake("test_place_of_knows_the_best")
def nobody_on_place_1(places):
    """Two share the highest score, and neither is on place 1: {places}. Count only those whose score is higher, or ask
    for the rank."""
    return {"places": places} if 1 not in places else False


@mistake("test_place_of_nobody")
def a_bound_made_of_none(error):
    """The player is not on the board, so their score is None, and Redis cannot take None for a bound of a range. Look for
    None first."""
    return "min or max is not a float" in error.message


@mistake("test_place_of_nobody", "test_around_nobody")
def one_more_than_none(error):
    """The player is not on the board, so their rank and their score are None, and Python cannot calculate or compare
    with None. Look for None first."""
    return error.type == "TypeError" and "NoneType" in error.message


@mistake("test_around_shows_neighbours", "test_around_at_the_ends")
def the_end_of_a_slice(actual, expected):
    """The last one is missing. A Python slice does not include its end; ZRANGE includes the last rank."""
    return isinstance(actual, list) and actual and actual == expected[:-1]


@mistake("test_around_shows_neighbours", "test_around_at_the_ends", "test_top_of_week_adds_up")
def one_too_many_at_the_end(actual, expected):
    """It is one player too many: the last one. ZRANGE includes the last rank that it is given; a Python slice does not
    include its end."""
    return isinstance(expected, list) and expected and isinstance(actual, list) and actual[:-1] == expected


@mistake("test_around_shows_neighbours", "test_around_at_the_ends")
def the_best_taken_for_a_stranger(actual, at):
    """The best player was taken for one who is not on the board. Their rank is 0, and 0 counts as false for `if` and
    `or`; missing is None, and only that."""
    return at == 0 and actual == []


@mistake("test_around_shows_neighbours", "test_around_at_the_ends")
def the_last_taken_for_a_stranger(actual, at, players):
    """The last player was taken for one who is not on the board. Counted from the lowest, their rank is 0, and 0
    counts as false for `if` and `or`; missing is None, and only that."""
    return at == len(players) - 1 and actual == []


@mistake("test_around_shows_neighbours", "test_around_at_the_ends")
def a_rank_below_zero(actual, at, count, players):
    """The player is near the {end}, and nobody came back. A rank below 0 counts from the other end: -1 is the last. So a
    range that begins there is empty: begin at 0 at least."""
    ends = {1: "top", len(players) - 2: "bottom"}
    return at in ends and actual == [] and {"end": ends[at]}


@mistake("test_around_shows_neighbours", "test_around_at_the_ends")
def around_from_the_worst(actual, at, count, players):
    """These are the neighbours of another player, who has the same rank from the other end. ZRANK and ZRANGE count from
    the lowest score, ZREVRANK and desc=True from the highest: ask for rank and range from the same end."""
    mirrored = len(players) - 1 - at
    others = players[max(mirrored - count, 0) : mirrored + count + 1]
    return actual in (others, others[::-1])


@mistake("test_around_shows_neighbours", "test_around_at_the_ends")
def around_worst_first(actual, expected):
    """They are the right players, in the wrong order: the best comes first. ZRANGE begins with the lowest score;
    desc=True turns it round."""
    return isinstance(actual, list) and len(actual) > 1 and actual == expected[::-1]


@mistake("test_around_shows_neighbours", "test_around_at_the_ends")
def around_without_the_player(actual, expected, at, players):
    """The neighbours came without the player in their midst, who belongs to the list too."""
    return isinstance(actual, list) and actual == [one for one in expected if one != players[at]]


@mistake("test_around_shows_neighbours", "test_around_at_the_ends")
def the_player_twice(actual, at, count, players):
    """{player} is in the list twice: both ranges include their ends, and both have the player. One range, from the first
    above to the last below, has everybody once."""
    twice = [*players[max(at - count, 0) : at + 1], *players[at : at + count + 1]]
    return actual == twice and {"player": players[at]}


@mistake("test_around_at_the_ends")
def those_missing_above_taken_from_below(actual, at, count, players):
    """Only {above} above the player, and still {size} came back: too many from below. The range ends {count} below
    the player's own rank, wherever it begins."""
    is_longer = at < count and actual == players[: 2 * count + 1]
    return is_longer and {"above": f"{at} {'stands' if at == 1 else 'stand'}", "size": len(actual), "count": count}


@mistake("test_around_fetches_no_more")
def a_part_of_the_board_looked_through(actual, redis, board, players):
    """The player is on rank 500 of the board, and an empty list came back: only a part of the board was looked through.
    ZREVRANK finds the rank of anyone."""
    return actual == [] and redis.zrevrank(f"board:{board}", players[500]) == 500


@mistake("test_around_nobody")
def the_top_around_a_stranger(actual, board, redis):
    """The player is not on the board, and players from its top came back. ZREVRANK returns None for this player; None
    is not rank 0."""
    is_some = isinstance(actual, list) and actual and redis.type(f"board:{board}") == "zset"
    return is_some and actual == redis.zrange(f"board:{board}", 0, len(actual) - 1, desc=True)


@mistake("test_count_request_counts")
def the_time_as_member(numbers):
    """Two requests came at the same moment and were counted as one. A member is in the set once: take the request for
    the member, the time for its score."""
    return numbers == [3, 3, 4]


@mistake("test_count_request_counts")
def another_answer_than_the_count(numbers, redis, key):
    """{number} came back each time, and there are {size} requests in the set: that is what another command answered. ZADD
    returns how many members were new. execute() returns one answer for each command, in their order."""
    is_same = isinstance(numbers, list) and numbers in ([1, 1, 1], [0, 0, 0])
    size = len(scores_of(redis, key))
    return is_same and size == 5 and {"number": numbers[0], "size": size}


@mistake("test_count_request_forgets_the_old")
def the_old_counted(number):
    """Requests that are older than the window of 60 seconds were counted too. ZREMRANGEBYSCORE takes out all up to a
    time."""
    return number == 8


@mistake("test_count_request_forgets_the_old")
def the_edge_counted(actual, expected):
    """A request that is 60 seconds old to the moment was counted in a window of 60 seconds. It leaves the window just
    then: count only those that are younger."""
    return expected == [1, 2, 3, 3, 2] and actual == [1, 2, 3, 3, 3]


@mistake("test_count_request_forgets_the_old")
def the_old_stay_for_ever(redis, key, now):
    """The old requests are still in the set: it grows with each request, for ever. ZREMRANGEBYSCORE takes out all up
    to a time."""
    return any(score <= now - 61 for score in scores_of(redis, key))


@mistake("test_count_request_forgets_the_old")
def the_time_in_whole_seconds(redis, other):
    """The times were stored in whole seconds. The window ends at `now`, the time that the call gives, with parts of a
    second."""
    scores = scores_of(redis, f"window:{other}")
    return scores and all(score.is_integer() for score in scores)


@mistake("test_count_request_forgets_the_old")
def the_clock_of_this_machine(redis, other, times):
    """The score of a request is {score}, and the call gave {now} as its time. The window ends at `now`, the time that
    the call gives, not at this machine's clock."""
    scores = scores_of(redis, f"window:{other}")
    strange = [score for score in scores if score not in times]
    return {"score": strange[-1], "now": times[-1]} if strange else False


@mistake("test_count_request_expires")
def a_window_without_expiry(actual, seen, new_key):
    """A user who never comes back leaves the key {key} behind for ever. EXPIRE gives it a time to live: the width of
    the window."""
    return actual == -1 and not expires_in(seen) and {"key": new_key}


@mistake("test_count_request_expires")
def the_first_request_without_expiry(actual, seen):
    """A user who came once leaves the key behind for ever: EXPIRE was sent, and had no effect. It comes after ZADD, which
    makes the key, and without a condition such as gt."""
    return actual == -1 and expires_in(seen)


@mistake("test_count_request_expires")
def a_moment_for_a_duration(actual):
    """The key lives for {actual} s, which is some fifty years. EXPIRE takes how many seconds are left; EXPIREAT takes a
    moment, in seconds since 1970."""
    return type(actual) is int and actual > 10**9 and {"actual": actual}


@mistake("test_count_request_expires")
def expiry_kept_from_before(actual, end, since):
    """The key still has the time to live that it had before the call, {left} s. It should live for the width of the
    window from the last request on: EXPIRE starts the time again if it has no condition such as nx."""
    return since + 4 < end <= since + 7 and {"left": actual}


@mistake("test_count_request_at_once")
def counted_and_then_added(number, least, before):
    """Another request came in between the count and the ZADD: two got the same number, and the limit lets one too many
    in. Add first, then count; or do both in one step."""
    return is_less(number, least) and number >= before


@mistake("test_keep_best_keeps_the_best")
def nobody_taken_out(actual, players):
    """Nobody was taken out: all {size} are still on the board. ZREMRANGEBYRANK takes out a range of ranks; rank 0 is
    the lowest score."""
    return {"size": len(actual)} if isinstance(actual, list) and len(actual) > len(players) else False


@mistake("test_keep_best_keeps_the_best")
def the_best_trimmed(actual, players):
    """The best were taken out, and the worst were kept. Rank 0 is the lowest score: cut from there, and let the end of
    the cut be counted from the top."""
    return isinstance(actual, list) and actual and players[0] not in actual


@mistake("test_keep_best_keeps_the_best")
def room_made_first(actual, low):
    """The new score was lower than all five, and still it took a place. The new player goes out, and the five stay:
    add first, then cut."""
    return isinstance(actual, list) and low in actual


@mistake("test_keep_best_keeps_the_best")
def one_too_many_cut(actual, expected):
    """One too many was taken out. With a size of 5 the ranks -5 to -1 stay, so the cut ends at -6."""
    return isinstance(actual, list) and actual == expected[:-1]


@mistake("test_keep_best_keeps_all_while_there_is_room")
def trimmed_while_there_is_room(actual, players, new, expected):
    """There was room for six, and only three were on the board: all four should stay, and {size} are left."""
    missing = isinstance(actual, list) and expected == [*players, new] and len(actual) < len(expected)
    return {"size": len(actual)} if missing else False


@mistake("test_keep_best_keeps_all_while_there_is_room")
def room_made_for_who_is_there(actual, players, new, expected):
    """The player was on the board already and needs no second place: a member is in the set once, and nobody has to go
    out."""
    return isinstance(actual, list) and expected == [new, *players] and len(actual) < len(expected)


@mistake("test_keep_best_keeps_all_while_there_is_room")
def the_old_score_kept(actual, expected, players, new, redis, board, scores):
    """{player} was on the board already, and the new score, which is lower, was not written. It takes the place of the
    old one: ZADD without a condition such as gt."""
    is_last_step = isinstance(expected, list) and expected[-1:] == players[:1] and actual == [new, *players]
    return is_last_step and redis.zscore(f"board:{board}", players[0]) == scores[0] and {"player": players[0]}


@mistake("test_keep_best_keeps_all_while_there_is_room")
def the_scores_added_up(expected, players, redis, board, scores):
    """{player} had {had} points, the new score is {score}, and now the board says {now}: the sum. The new score takes the
    place of the old one: ZADD, not ZINCRBY."""
    now, score = redis.zscore(f"board:{board}", players[0]), scores[-1] - 0.5
    is_last_step = isinstance(expected, list) and expected[-1:] == players[:1]
    return (
        is_last_step
        and now == scores[0] + score
        and {"player": players[0], "had": scores[0], "score": score, "now": now}
    )


@mistake("test_keep_best_tells_who_made_it")
def always_told_to_have_made_it(actual):
    """The second score was too low for the board, and True came back. Whether the player is there shows after the
    cut."""
    return isinstance(actual, list) and actual[:3] == [True, True, True]


@mistake("test_keep_best_tells_who_made_it")
def rank_0_taken_for_out(actual):
    """The player is the best of all now, and False came back. ZREVRANK returns 0 for the best, and 0 counts as false; ZRANK
    returns the highest rank that there is. Missing is None, and only that."""
    return actual == [True, False, False, True]


@mistake("test_keep_best_tells_who_made_it")
def a_known_player_told_to_be_out(actual, redis, board, players):
    """The player was on the board already and got a better score there, and False came back. ZADD returns how many were
    new, which is 0 here."""
    return actual == [True, False, True, False] and redis.zscore(f"board:{board}", players[1]) is not None


@mistake("test_keep_best_tells_who_made_it")
def somebody_taken_out(actual):
    """The player took a place on the board, and False came back. Somebody else had to go out for it: how many were taken
    out does not tell who they were."""
    return actual == [False, False, False, True]


@mistake("test_keep_best_tells_who_made_it")
def zero_points_taken_for_out(actual):
    """The player is on the board with 0 points, and False came back. A score of 0 counts as false; missing is None,
    and only that."""
    return actual is False


@mistake("test_keep_best_in_one_step")
def one_place_left_for_two(actual):
    """One place was left, and two took it: another player came in between the look and the ZADD. Add and cut in one
    transaction, without a look before."""
    return actual == 7


@mistake("test_keep_best_in_one_step")
def added_and_then_trimmed(sizes):
    """Whoever looked between two commands saw another number of players than five. `r.pipeline()` makes one step of them,
    a transaction (MULTI); with transaction=False it does not."""
    return len(sizes) > 1


@mistake("test_take_next_takes_the_most_urgent", "test_take_next_of_an_empty_queue")
def the_pair_for_the_name(actual, expected):
    """A list came back, not the name. ZPOPMIN returns a list of pairs, member and score, and ZRANGE a list of members:
    take the name of the job out of it."""
    return isinstance(actual, list) and actual and not isinstance(expected, list)


@mistake("test_take_next_of_an_empty_queue")
def an_empty_list_for_none(actual):
    """No job waits, and an empty list came back. That is what ZPOPMIN returns then; the function must return None."""
    return actual == []


@mistake("test_take_next_takes_the_most_urgent")
def the_number_for_the_name(actual, expected, jobs, numbers):
    """{actual} is the number of the job, and its name was asked for. In the pair that ZPOPMIN returns the member comes
    first, and then its score."""
    return expected in jobs and actual == numbers[jobs.index(expected)] and {"actual": actual}


@mistake("test_take_next_takes_the_most_urgent")
def zpopmax_for_zpopmin(actual, jobs):
    """This is the job with the highest number. ZPOPMAX takes it; ZPOPMIN takes the lowest."""
    return actual == jobs[-1]


@mistake("test_take_next_takes_the_most_urgent")
def never_taken_out(actual, expected, jobs, at):
    """The job that came back is still in the queue, and the next worker gets it too. ZPOPMIN takes out the job that it
    returns."""
    return isinstance(expected, list) and isinstance(actual, list) and jobs[at] in actual


@mistake("test_take_next_of_an_empty_queue")
def the_first_of_nothing(error):
    """No job waits. ZPOPMIN and ZRANGE return an empty list for that, BZPOPMIN and ZMPOP None: there is no first one
    to take out of it. Test whether anything came before you take it apart.
    """
    is_none = error.type == "TypeError" and "NoneType" in error.message
    return is_none or error.type == "IndexError" or (error.type == "ValueError" and "to unpack" in error.message)


@mistake("test_take_next_gives_a_job_to_one")
def looked_and_then_removed(mine, theirs):
    """Another worker took this job in between, and now two do it. Looking and taking out were two steps; ZPOPMIN does
    both in one."""
    return mine in theirs


@mistake("test_take_next_gives_a_job_to_one")
def none_while_jobs_wait(actual, mine):
    """Jobs were waiting, and None came back: another worker had taken the one that was looked at. ZPOPMIN looks and
    takes in one step."""
    return actual is None and mine is None


@mistake("test_top_of_week_adds_up")
def a_day_changed(expected, banned):
    """The boards of the days have changed. The sum belongs in `week`, and so does leaving out: the days stay as they
    are."""
    return isinstance(expected, dict) and banned[0] in expected


@mistake("test_top_of_week_adds_up")
def the_banned_shown(actual, banned):
    """{banned} is in the set `banned`, and stands in the answer or in `week`. ZDIFFSTORE keeps those members of the first
    set that are in none of the others, which may be plain sets. It comes after ZUNIONSTORE, which writes `week` anew."""
    return banned[0] in points_in(actual) and {"banned": banned[0]}


@mistake("test_top_of_week_adds_up")
def the_banned_left_out_after_the_cut(actual, expected):
    """One is missing: the best were taken first, and the banned left out of these. Leave them out before."""
    return isinstance(actual, list) and isinstance(expected, list) and actual == expected[:-1]


@mistake("test_top_of_week_adds_up")
def the_worst_of_the_week(actual, expected, best):
    """These are the worst of the week, and the best were asked for. ZRANGE begins with the lowest score; desc=True turns
    it round."""
    return isinstance(expected, list) and actual == best[::-1][: len(expected)]


@mistake("test_top_of_week_adds_up")
def another_answer_of_the_pipeline(actual, expected):
    """{actual} came back, not a list of pairs. execute() returns one answer for each command, in their order: return that
    of the ZRANGE."""
    is_pairs = isinstance(expected, list) and all(map(is_pair, expected))
    is_all = isinstance(actual, list) and expected in actual
    return is_pairs and (isinstance(actual, int) or is_all) and {"actual": actual}


@mistake("test_top_of_week_adds_up")
def the_best_day_for_the_sum(actual, redis, days):
    """These are the points of each one's best day. The sum of all days was asked for: that is what ZUNIONSTORE makes
    unless aggregate says otherwise."""
    keys, found = [f"board:{day}" for day in days], points_in(actual)
    if not found or any(redis.type(key) != "zset" for key in keys):
        return False
    most = dict(redis.zunion(keys, aggregate="MAX", withscores=True))
    later = [dict(redis.zrange(key, 0, -1, withscores=True)) for key in keys[1:]]
    week = dict(redis.zrange("week", 0, -1, withscores=True)) if redis.type("week") == "zset" else found
    is_one_day = any(week.items() <= day.items() for day in later)  # nobody's points of another day
    return found.items() <= most.items() and not is_one_day


@mistake("test_top_of_week_adds_up")
def the_week_not_written(actual, expected, days):
    """`week` is as it was before the call: nothing was written to it. ZUNIONSTORE writes the sum into a key; ZUNION only
    returns it."""
    is_week = isinstance(actual, dict) and isinstance(expected, dict)
    return is_week and 9999 in actual.values() and not actual.items() & expected.items() and len(actual) == 2 and days


@mistake("test_top_of_week_adds_up")
def added_to_the_week_before(actual):
    """What was in `week` before this call was counted too. ZUNIONSTORE writes the new set in the place of the old one,
    if `week` is not among the sets that it adds up."""
    found = points_in(actual)
    return len(found) > 2 and any(points >= 9999 for points in found.values())  # that week alone had two


@mistake("test_top_of_week_adds_up")
def the_week_for_ever(actual):
    """`week` has no time to live, and stays for ever. EXPIRE after the last command that writes it gives it one: a set
    that is written again has none.
    """
    return actual == -1


@mistake("test_top_of_week_in_one_step")
def half_a_week_seen(actual, looks):
    """Someone looked between two commands and saw a `week` that was not done: with a banned player, without a time to
    live, or empty. `r.pipeline()` makes one step of all commands; with transaction=False it does not.
    """
    return isinstance(actual, tuple) and len(looks) > 2


@mistake("test_top_of_week_in_one_step")
def the_banned_looked_up_before(actual, cheat):
    """{player} was banned between two commands of the function, and came back. A look at `banned` can be out of date
    by the time `week` is written: ZDIFFSTORE leaves them out in the same step."""
    return isinstance(actual, list) and cheat in actual and {"player": cheat[0]}


@mistake("test_top_of_week_in_one_step")
def one_name_for_all_calls(actual):
    """The function keeps something in the key {name} for a while, and in each call under this name: two calls at once
    destroy one another's. In a transaction nobody meets it; else each call needs a name of its own."""
    return isinstance(actual, set) and actual and {"name": ", ".join(sorted(actual))}


@mistake("test_top_of_week_in_one_step")
def another_week_returned(actual, theirs):
    """Another call made its own `week` between two commands, and the answer is from that one. The ZRANGE belongs in
    the same transaction as the rest.
    """
    return isinstance(actual, list) and [list(pair) for pair in theirs.items()] == actual


@mistake("test_top_of_week_fetches_no_more")
def the_week_fetched(actual):
    """Redis sent {actual} bytes to show three players of a week with 800. Let Redis add up, sort and cut: only the three
    need to travel."""
    return isinstance(actual, int) and {"actual": actual}
