def give_back(r, queue, worker):
    count = 0
    while (job := r.rpop(f"working:{worker}")) is not None:
        r.lpush(f"jobs:{queue}", job)
        count += 1
    return count
