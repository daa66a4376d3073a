def read_settings(r, defaults):
    keys = r.keys("setting:*")
    stored = dict(zip(keys, r.mget(keys))) if keys else {}
    return {name: stored.get(f"setting:{name}", default) for name, default in defaults.items()}
