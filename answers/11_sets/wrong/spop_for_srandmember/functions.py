def show_some(r, team, count):
    return list(r.spop(f"team:{team}", count))
