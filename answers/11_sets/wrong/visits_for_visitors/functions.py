def week_report(r, days):
    keys = [f"visitors:{d}" for d in days]
    return {"visitors": sum(r.scard(k) for k in keys), "faithful": r.sintercard(len(keys), keys), "new": len(r.sdiff([keys[-1], *keys[:-1]]))}
