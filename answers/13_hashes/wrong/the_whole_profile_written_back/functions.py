def save_profile(r, user, changes):
    profile = r.hgetall(f"user:{user}")
    profile.update(changes)
    r.hset(f"user:{user}", mapping=profile)
