def online_among(r, contacts):
    return [contact for contact in contacts if r.smismember("online", [contact])]
