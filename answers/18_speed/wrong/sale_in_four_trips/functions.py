def record_sale(r, product, cents):
    sales = r.hincrby("shop:today", "sales", 1)
    turnover = r.hincrby("shop:today", "turnover", cents)
    r.lpush("recent", product)
    r.ltrim("recent", 0, 4)
    return [sales, turnover]
