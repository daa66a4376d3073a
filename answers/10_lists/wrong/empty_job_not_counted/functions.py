def give_back(r, queue, worker):
    count = 0
    while r.exists(f"working:{worker}"):
        if r.lmove(f"working:{worker}", f"jobs:{queue}", "RIGHT", "LEFT"):
            count += 1
    return count
