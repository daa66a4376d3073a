def give_back(r, queue, worker):
    count = r.llen(f"working:{worker}")
    if count:
        r.rename(f"working:{worker}", f"jobs:{queue}")
    return count
