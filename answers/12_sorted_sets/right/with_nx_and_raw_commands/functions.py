def add_points(r, board, player, points):
    r.zadd(f"board:{board}", {player: 0}, nx=True)
    return float(r.execute_command("ZINCRBY", f"board:{board}", points, player))


def record_best(r, board, player, score):
    key = f"board:{board}"
    is_new = r.zadd(key, {player: score}, nx=True)
    is_better = r.zadd(key, {player: score}, xx=True, gt=True, ch=True)
    return bool(is_new or is_better)


def best_and_worst(r, board, count):
    key = f"board:{board}"
    if count == 0:
        return [], []
    return r.zrange(key, -count, -1, withscores=True)[::-1], r.zrevrange(key, -count, -1, withscores=True)[::-1]


def place_of(r, board, player):
    rank = r.zrevrank(f"board:{board}", player, withscore=True)
    return rank and rank[0] + 1


def count_request(r, user, request, now, seconds):
    key = f"window:{user}"
    with r.pipeline() as pipe:
        pipe.expire(key, seconds).zadd(key, {request: now}).expire(key, seconds, nx=True).expire(key, seconds, gt=True).zremrangebyscore(
            key, "-inf", now - seconds
        )
        return len(pipe.zrange(key, 0, -1).execute()[-1])


def keep_best(r, board, player, score, size):
    key = f"board:{board}"
    with r.pipeline() as pipe:
        pipe.zadd(key, {player: score}).zrevrange(key, size, -1).zremrangebyrank(key, 0, -(size + 1))
        return player not in pipe.execute()[1]


def take_next(r, queue):
    while r.exists(f"queue:{queue}"):
        if taken := r.zpopmin(f"queue:{queue}", count=1):
            [(job, _)] = taken
            return job
    return None
