def read_fields(r, user, names):
    found = {}
    for name in names:
        value = r.hget(f"user:{user}", name)
        if value is not None:
            found[name] = value
    return found
