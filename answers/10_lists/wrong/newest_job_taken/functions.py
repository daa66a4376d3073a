def wait_for_job(r, queue, seconds):
    found = r.brpop(f"jobs:{queue}", timeout=seconds)
    return found[1] if found else None
