def online_among(r, contacts):
    online = r.sinter("online", contacts)
    return [contact for contact in contacts if contact in online]
