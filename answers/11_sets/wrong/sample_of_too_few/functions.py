def show_some(r, team, count):
    import random
    return random.sample(list(r.smembers(f"team:{team}")), count)
