def draw_winners(r, raffle, count):
    return list(r.spop(f"raffle:{raffle}", count - 1))
