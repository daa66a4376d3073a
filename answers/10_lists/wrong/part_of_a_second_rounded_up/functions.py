import math
def wait_for_job(r, queue, seconds):
    found = r.blpop(f"jobs:{queue}", timeout=math.ceil(seconds))
    return found[1] if found else None
