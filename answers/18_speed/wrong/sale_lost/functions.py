def record_sale(r, product, cents):
    sales, turnover = r.hmget("shop:today", "sales", "turnover")
    sales, turnover = int(sales or 0) + 1, int(turnover or 0) + cents
    pipe = r.pipeline()
    pipe.hset("shop:today", mapping={"sales": sales, "turnover": turnover})
    pipe.lpush("recent", product)
    pipe.ltrim("recent", 0, 4)
    pipe.execute()
    return [sales, turnover]
