def give_back(r, queue, worker):
    count = 0
    while r.lmove(f"working:{worker}", f"jobs:{queue}", "RIGHT", "LEFT") is not None:
        pass
    return count
