def move_ticket(r, ticket, before, after):
    return r.smove(f"state:{before}", f"state:{after}", ticket) == "1"
