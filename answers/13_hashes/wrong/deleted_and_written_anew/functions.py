def save_profile(r, user, changes):
    with r.pipeline() as pipe:
        pipe.delete(f"user:{user}")
        pipe.hset(f"user:{user}", mapping=changes)
        pipe.execute()
