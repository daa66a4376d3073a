def friends_in_common(r, one, other):
    return sorted(r.smembers(f"friends:{one}") & r.smembers(f"friends:{other}"))
