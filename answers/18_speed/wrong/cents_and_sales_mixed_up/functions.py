def record_sale(r, product, cents):
    pipe = r.pipeline(transaction=True)
    pipe.hincrby("shop:today", "sales", cents)
    pipe.hincrby("shop:today", "turnover", 1)
    pipe.lpush("recent", product)
    pipe.ltrim("recent", 0, 4)
    return pipe.execute()[:2]
