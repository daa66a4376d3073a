def move_ticket(r, ticket, before, after):
    return bool(r.smove(f"state:{after}", f"state:{before}", ticket))
