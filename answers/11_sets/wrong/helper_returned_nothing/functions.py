def in_order(names):
    sorted(names)


def friends_in_common(r, one, other):
    return in_order(r.sinter(f"friends:{one}", f"friends:{other}"))
