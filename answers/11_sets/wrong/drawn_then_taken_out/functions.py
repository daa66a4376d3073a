def draw_winners(r, raffle, count):
    winners = r.srandmember(f"raffle:{raffle}", count)
    if winners:
        r.srem(f"raffle:{raffle}", *winners)
    return winners
