def online_among(r, contacts):
    return [contact for contact, there in zip(contacts, r.smismember("online", contacts)) if there]
