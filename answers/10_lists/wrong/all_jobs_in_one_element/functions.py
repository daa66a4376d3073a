def add_jobs(r, queue, jobs):
    import json
    return r.rpush(f"jobs:{queue}", json.dumps(jobs))
