def show_some(r, team, count):
    return sorted(r.smembers(f"team:{team}"))[:count]
