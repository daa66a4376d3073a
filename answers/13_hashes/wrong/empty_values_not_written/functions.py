def save_profile(r, user, changes):
    given = {field: value for field, value in changes.items() if value}
    if given:
        r.hset(f"user:{user}", mapping=given)
