def online_among(r, contacts):
    if not contacts:
        return []
    found = []
    for contact, is_online in zip(contacts, r.smismember("online", contacts)):
        if is_online:
            found.append(contact)
            return found
    return found
