def move_ticket(r, ticket, before, after):
    r.smove(f"state:{before}", f"state:{after}", ticket)
    return True
