import time
def wait_for_job(r, queue, seconds):
    end = time.time() + seconds
    while time.time() < end:
        found = r.blpop(f"jobs:{queue}", timeout=0.05)
        if found: return found[1]
    return None
