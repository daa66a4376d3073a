def give_back(r, queue, worker):
    count = 0
    while True:
        job = r.lmove(f"working:{worker}", f"jobs:{queue}", "RIGHT", "LEFT")
        count += 1
        if job is None:
            return count
