def record_sale(r, product, cents):
    pipe = r.pipeline()
    pipe.hincrby("shop:today", "sales", 1)
    pipe.hincrby("shop:today", "turnover", cents)
    numbers = pipe.execute()
    pipe.lpush("recent", product)
    pipe.ltrim("recent", 0, 4)
    pipe.execute()
    return numbers
