def reserve(r, user, product, count):
    with r.pipeline() as pipe:
        left, _ = pipe.hincrby("stock", product, -count).hincrby(f"cart:{user}", product, count).execute()
        if left >= 0:
            return True
        pipe.hincrby("stock", product, count).hincrby(f"cart:{user}", product, -count).execute()
        return False
