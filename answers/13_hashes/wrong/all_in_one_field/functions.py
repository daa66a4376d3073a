import json


def save_profile(r, user, changes):
    r.hset(f"user:{user}", "profile", json.dumps(changes))
