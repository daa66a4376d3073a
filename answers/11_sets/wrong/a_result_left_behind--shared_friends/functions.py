def friends_in_common(r, one, other):
    r.sinterstore("shared", [f"friends:{one}", f"friends:{other}"])
    return sorted(r.smembers("shared"))
