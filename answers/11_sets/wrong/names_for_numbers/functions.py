def week_report(r, days):
    keys = [f"visitors:{d}" for d in days]
    return {"visitors": r.sunion(keys), "faithful": r.sinter(keys), "new": r.sdiff([keys[-1], *keys[:-1]])}
