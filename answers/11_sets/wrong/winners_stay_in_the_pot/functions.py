def draw_winners(r, raffle, count):
    return r.srandmember(f"raffle:{raffle}", count)
