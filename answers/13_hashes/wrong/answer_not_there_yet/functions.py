def reserve(r, user, product, count):
    with r.pipeline() as pipe:
        pipe.watch("stock")
        pipe.multi()
        if int(pipe.hget("stock", product) or 0) < count:
            return False
        pipe.hincrby("stock", product, -count)
        pipe.hincrby(f"cart:{user}", product, count)
        pipe.execute()
        return True
