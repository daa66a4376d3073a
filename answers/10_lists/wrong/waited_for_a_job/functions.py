def start_job(r, queue, worker):
    return r.blmove(f"jobs:{queue}", f"working:{worker}", 1, "LEFT", "RIGHT")
