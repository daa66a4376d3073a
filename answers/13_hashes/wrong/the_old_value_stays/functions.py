def save_profile(r, user, changes):
    with r.pipeline() as pipe:
        for field, value in changes.items():
            pipe.hsetnx(f"user:{user}", field, value)
        pipe.execute()
