def show_some(r, team, count):
    return list(set(r.srandmember(f"team:{team}", -count)))
