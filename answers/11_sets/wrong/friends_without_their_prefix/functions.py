def friends_in_common(r, one, other):
    return sorted(r.sinter(one, other))
