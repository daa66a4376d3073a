def give_back(r, queue, worker):
    moved = []
    while (job := r.lmove(f"working:{worker}", f"jobs:{queue}", "RIGHT", "LEFT")) is not None:
        moved.append(job)
    return moved
