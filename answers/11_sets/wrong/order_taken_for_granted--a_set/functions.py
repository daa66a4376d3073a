def friends_in_common(r, one, other):
    return r.sinter(f"friends:{one}", f"friends:{other}")
