import time


def wait_for_job(r, queue, seconds):
    end = time.monotonic() + seconds
    while (job := r.lpop(f"jobs:{queue}")) is None and time.monotonic() < end:
        time.sleep(0.05)
    return job
