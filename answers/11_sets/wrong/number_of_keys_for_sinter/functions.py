def friends_in_common(r, one, other):
    return sorted(r.sinter(2, [f"friends:{one}", f"friends:{other}"]))
