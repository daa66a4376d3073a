def move_ticket(r, ticket, before, after):
    return bool(r.smove(f"state:{before}", ticket, f"state:{after}"))
