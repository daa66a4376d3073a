def move_ticket(r, ticket, before, after):
    if not r.sismember(f"state:{before}", ticket):
        return False
    with r.pipeline() as pipe:
        pipe.srem(f"state:{before}", ticket).sadd(f"state:{after}", ticket).execute()
    return True
