def top_of_week(r, days, count):
    banned = r.smembers("banned")
    with r.pipeline() as pipe:
        pipe.zunionstore("week", [f"board:{day}" for day in days])
        if banned:
            pipe.zrem("week", *banned)
        pipe.expire("week", 3600)
        pipe.zrange("week", 0, count - 1, desc=True, withscores=True)
        return pipe.execute()[-1]
