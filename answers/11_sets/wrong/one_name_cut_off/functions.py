def show_some(r, team, count):
    return r.srandmember(f"team:{team}", count)[0 : count - 1]
