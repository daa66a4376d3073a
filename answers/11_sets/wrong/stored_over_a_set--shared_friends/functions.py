def friends_in_common(r, one, other):
    r.sinterstore(f"friends:{one}", [f"friends:{one}", f"friends:{other}"])
    return sorted(r.smembers(f"friends:{one}"))
