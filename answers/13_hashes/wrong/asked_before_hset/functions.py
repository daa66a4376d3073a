def save_profile(r, user, changes):
    known = r.exists(f"user:{user}")
    r.hset(f"user:{user}", mapping=changes)
    print("changed" if known else "new")
