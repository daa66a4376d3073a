import random
def draw_winners(r, raffle, count):
    winners = random.sample(sorted(r.smembers(f"raffle:{raffle}")), count)
    r.srem(f"raffle:{raffle}", *winners)
    return winners
