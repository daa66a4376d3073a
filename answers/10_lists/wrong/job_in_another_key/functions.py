def start_job(r, queue, worker):
    return r.lmove(f"jobs:{queue}", f"worker:{worker}")
