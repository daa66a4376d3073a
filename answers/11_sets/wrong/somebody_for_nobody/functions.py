def show_some(r, team, count):
    return r.srandmember(f"team:{team}", min(count, r.scard(f"team:{team}")) or 1)
