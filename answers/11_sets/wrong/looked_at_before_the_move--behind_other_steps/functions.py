def move_ticket(r, ticket, before, after):
    for state in (before, after):
        r.persist(f"state:{state}")
    if not r.sismember(f"state:{before}", ticket):
        return False
    r.pipeline().srem(f"state:{before}", ticket).sadd(f"state:{after}", ticket).execute()
    return True
