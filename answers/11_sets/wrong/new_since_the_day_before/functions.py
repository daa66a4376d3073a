def week_report(r, days):
    keys = [f"visitors:{d}" for d in days]
    p = r.pipeline()
    p.sunionstore("t", keys).sintercard(len(keys), keys).sdiffstore("t", keys[-1:] + keys[-2:-1]).delete("t")
    a, b, c, _ = p.execute()
    return {"visitors": a, "faithful": b, "new": c}
