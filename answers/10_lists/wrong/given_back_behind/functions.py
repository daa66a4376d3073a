def give_back(r, queue, worker):
    count = 0
    while r.lmove(f"working:{worker}", f"jobs:{queue}", "LEFT", "RIGHT") is not None:
        count += 1
    return count
