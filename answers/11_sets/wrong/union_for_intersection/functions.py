def friends_in_common(r, one, other):
    return sorted(r.sunion(f"friends:{one}", f"friends:{other}"))
