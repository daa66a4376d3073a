def top_of_week(r, days, count):
    keys = [f"board:{day}" for day in days]
    with r.pipeline() as pipe:
        pipe.zunionstore("week", keys)
        pipe.zdiffstore("week", ["week", "banned"])
        pipe.expire("week", 3600)
        pipe.zrange("week", 0, count - 1, withscores=True)
        return pipe.execute()[-1]
