def top_of_week(r, days, count):
    week = dict(r.zunion([f"board:{day}" for day in days], withscores=True))
    for player in r.smembers("banned"):
        week.pop(player, None)
    return sorted(week.items(), key=lambda pair: -pair[1])[:count]
