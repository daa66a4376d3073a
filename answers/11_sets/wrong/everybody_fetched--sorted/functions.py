def online_among(r, contacts):
    on = set(r.sort("online", alpha=True))
    return [c for c in contacts if c in on]
