def wait_for_job(r, queue, seconds):
    found = r.blpop(seconds, f"jobs:{queue}")
    return found[1] if found else None
