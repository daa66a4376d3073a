def record_sale(r, product, cents):
    with r.pipeline() as pipe:
        pipe.hincrby("shop:today", "sales", 1).hincrby("shop:today", "turnover", cents)
        pipe.lrem("recent", 0, product).lpush("recent", product).ltrim("recent", 0, 4)
        return pipe.execute()[:2]
