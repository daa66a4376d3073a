def save_profile(r, user, changes):
    r.hset(f"profile:{user}", mapping=changes)
