def draw_winners(r, raffle, count):
    return set(r.spop(f"raffle:{raffle}", count))
