def record_sale(r, product, cents):
    pipe = r.pipeline(transaction=False)
    pipe.hincrby("shop:today", "sales", 1)
    pipe.hincrby("shop:today", "turnover", cents)
    pipe.lpush("recent", product)
    pipe.ltrim("recent", 0, 4)
    sales, turnover, *_ = pipe.execute()
    return [sales, turnover]
