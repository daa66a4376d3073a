def reserve(r, user, product, count):
    if int(r.hget("stock", product) or 0) < count:
        return False
    with r.pipeline() as pipe:
        pipe.hincrby("stock", product, -count)
        pipe.hincrby(f"cart:{user}", product, count)
        pipe.execute()
    return True
