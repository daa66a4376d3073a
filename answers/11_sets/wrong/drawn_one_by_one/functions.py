def show_some(r, team, count):
    return [r.srandmember(f"team:{team}") for _ in range(count)]
