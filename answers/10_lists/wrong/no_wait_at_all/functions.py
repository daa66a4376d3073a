def wait_for_job(r, queue, seconds):
    return r.lpop(f"jobs:{queue}")
