def wait_for_job(r, queue, seconds):
    _, job = r.blpop(f"jobs:{queue}", timeout=seconds) or (None, "")
    return job
