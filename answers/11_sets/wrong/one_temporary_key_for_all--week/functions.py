def week_report(r, days):
    keys = [f"visitors:{d}" for d in days]
    a = r.sunionstore("t", keys); b = r.sintercard(len(keys), keys); c = r.sdiffstore("t", [keys[-1], *keys[:-1]]); r.delete("t")
    return {"visitors": a, "faithful": b, "new": c}
