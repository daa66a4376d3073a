def week_report(r, days):
    keys = [f"visitors:{day}" for day in days]
    with r.pipeline() as pipe:
        pipe.sunionstore("report", keys)
        pipe.sintercard(len(keys), keys)
        pipe.sdiffstore("report", keys)
        pipe.delete("report")
        visitors, faithful, new, _ = pipe.execute()
    return {"visitors": visitors, "faithful": faithful, "new": new}
