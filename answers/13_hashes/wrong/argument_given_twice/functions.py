def save_profile(r, user, changes):
    r.hset(f"user:{user}", **changes)
