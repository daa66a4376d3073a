def add_to_cart(r, user, product, count):
    pieces, total = r.pipeline().hincrby(f"cart:{user}", product, count).hget(f"cart:{user}", product).execute()
    return total
