def show_some(r, team, count):
    shown = list(r.spop(f"team:{team}", count))
    if shown:
        r.sadd(f"team:{team}", *shown)
    return shown
