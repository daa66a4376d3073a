def save_profile(r, user, changes):
    r.set(f"user:{user}", json.dumps(changes))
