def wait_for_job(r, queue, seconds):
    return r.blpop(f"jobs:{queue}", timeout=seconds)[1]
