def move_ticket(r, ticket, before, after):
    with r.pipeline() as pipe:
        removed, _ = pipe.srem(f"state:{before}", ticket).sadd(f"state:{after}", ticket).execute()
    return removed == 1
