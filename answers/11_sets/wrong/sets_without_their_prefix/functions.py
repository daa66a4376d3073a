def move_ticket(r, ticket, before, after):
    return bool(r.smove(before, after, ticket))
