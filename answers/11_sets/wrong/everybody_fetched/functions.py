def online_among(r, contacts):
    online = r.smembers("online")
    return [contact for contact in contacts if contact in online]
