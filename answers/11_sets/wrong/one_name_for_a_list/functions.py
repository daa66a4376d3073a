def draw_winners(r, raffle, count):
    return r.spop(f"raffle:{raffle}")
