def record_sale(r, product, cents):
    pipe = r.pipeline()
    pipe.hincrby("shop:today", "sales", 1)
    pipe.hincrby("shop:today", "turnover", cents)
    pipe.lpush("recent", product)
    sales, turnover, *_ = pipe.execute()
    return [sales, turnover]
