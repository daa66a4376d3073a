def week_report(r, days):
    keys = [f"visitors:{d}" for d in days]
    return {"visitors": len(r.sunion(keys)), "faithful": len(r.sinter(keys)), "new": len(r.sdiff([keys[-1], *keys[:-1]]))}
