def move_ticket(r, ticket, before, after):
    there = r.sismember(f"state:{before}", ticket)
    r.smove(f"state:{before}", f"state:{after}", ticket)
    return bool(there)
