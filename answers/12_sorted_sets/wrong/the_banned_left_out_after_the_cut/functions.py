def top_of_week(r, days, count):
    with r.pipeline() as pipe:
        pipe.zunionstore("week", [f"board:{day}" for day in days])
        pipe.zrevrange("week", 0, count - 1, withscores=True)
        pipe.zdiffstore("week", ["week", "banned"]).expire("week", 3600).smembers("banned")
        _, best, *_, banned = pipe.execute()
    return [(player, points) for player, points in best if player not in banned]
