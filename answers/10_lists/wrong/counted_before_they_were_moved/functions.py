def give_back(r, queue, worker):
    count = r.llen(f"working:{worker}")
    for _ in range(count):
        r.lmove(f"working:{worker}", f"jobs:{queue}", "RIGHT", "LEFT")
    return count
