def record_sale(r, product, cents):
    p = r.pipeline()
    p.hincrby("shop:today", "sales", 1).hincrby("shop:today", "turnover", cents).ltrim("recent", 0, 4).lpush("recent", product)
    return p.execute()[:2]
