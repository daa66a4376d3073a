def online_among(r, contacts):
    if not contacts:
        return []
    found = r.smismember("online", contacts)
    return list({contact for contact, there in zip(contacts, found) if there})
