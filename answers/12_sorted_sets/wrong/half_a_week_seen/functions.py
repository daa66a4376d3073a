def top_of_week(r, days, count):
    r.zunionstore("week", [f"board:{day}" for day in days])
    r.zdiffstore("week", ["week", "banned"])
    r.expire("week", 3600)
    return r.zrange("week", 0, count - 1, desc=True, withscores=True)
