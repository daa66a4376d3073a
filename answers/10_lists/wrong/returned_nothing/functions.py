def start_job(r, queue, worker):
    r.lmove(f"jobs:{queue}", f"working:{worker}", "LEFT", "RIGHT")
