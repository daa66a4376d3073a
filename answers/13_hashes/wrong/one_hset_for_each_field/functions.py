def save_profile(r, user, changes):
    for field, value in changes.items():
        r.hset(f"user:{user}", field, value)
