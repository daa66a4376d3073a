def wait_for_job(r, queue, seconds):
    mine = redis.Redis.from_url(os.environ["REDIS_URL"], decode_responses=True)
    found = mine.blpop(f"jobs:{queue}", timeout=seconds)
    return found[1] if found else None
