def wait_for_job(r, queue, seconds):
    found = r.blpop(f"jobs:{queue}", timeout=0.1)
    return found[1] if found else None
