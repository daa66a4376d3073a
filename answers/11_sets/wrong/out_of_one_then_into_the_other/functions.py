def move_ticket(r, ticket, before, after):
    if not r.srem(f"state:{before}", ticket):
        return False
    r.sadd(f"state:{after}", ticket)
    return True
