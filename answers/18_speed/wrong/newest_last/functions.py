def record_sale(r, product, cents):
    with r.pipeline() as pipe:
        pipe.hincrby("shop:today", "sales", 1).hincrby("shop:today", "turnover", cents)
        pipe.rpush("recent", product).ltrim("recent", -5, -1)
        return pipe.execute()[:2]
