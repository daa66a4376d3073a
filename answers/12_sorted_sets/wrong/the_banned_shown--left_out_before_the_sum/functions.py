def top_of_week(r, days, count):
    with r.pipeline() as pipe:
        pipe.zdiffstore("week", ["week", "banned"])
        pipe.zunionstore("week", [f"board:{day}" for day in days])
        pipe.expire("week", 3600)
        pipe.zrange("week", 0, count - 1, desc=True, withscores=True)
        return pipe.execute()[-1]
