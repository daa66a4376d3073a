def friends_in_common(r, one, other):
    r.sinterstore("tmp", f"friends:{one}", f"friends:{other}")
    found = sorted(r.smembers("tmp"))
    r.delete("tmp")
    return found
