def record_sale(r, product, cents):
    pipe = r.pipeline()
    pipe.hincrby("shop:today", "sales", 1)
    pipe.hincrby("shop:today", "turnover", cents)
    pipe.lpush("recent", product)
    pipe.ltrim("recent", 0, 4)
    pipe.execute()
    return [int(number) for number in r.hmget("shop:today", "sales", "turnover")]
