def show_some(r, team, count):
    import random
    return random.sample(r.smembers(f"team:{team}"), count)
