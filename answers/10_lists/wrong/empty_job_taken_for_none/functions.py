def start_job(r, queue, worker):
    return r.lmove(f"jobs:{queue}", f"working:{worker}", "LEFT", "RIGHT") or None
