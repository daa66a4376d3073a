def record_sale(r, product, cents):
    pipe = r.pipeline(transaction=True)
    pipe.hincrby("shop:today", "sales", 1)
    pipe.hincrby("shop:today", "turnover", cents)
    pipe.lpush("recent", product)
    pipe.ltrim("recent", 0, 4)
    return pipe.execute()[0:1]
