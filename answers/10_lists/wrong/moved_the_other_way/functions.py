def start_job(r, queue, worker):
    return r.lmove(f"working:{worker}", f"jobs:{queue}", "LEFT", "RIGHT")
