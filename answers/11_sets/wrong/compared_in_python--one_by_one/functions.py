def friends_in_common(r, one, other):
    return sorted(name for name in r.sscan_iter(f"friends:{one}") if r.sismember(f"friends:{other}", name))
