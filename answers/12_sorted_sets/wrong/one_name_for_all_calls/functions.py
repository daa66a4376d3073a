def top_of_week(r, days, count):
    r.zunionstore("week:new", [f"board:{day}" for day in days])
    r.zdiffstore("week:new", ["week:new", "banned"])
    r.expire("week:new", 3600)
    best = r.zrange("week:new", 0, count - 1, desc=True, withscores=True)
    r.rename("week:new", "week")
    return best
