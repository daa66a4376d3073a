def online_among(r, contacts):
    return [bool(answer) for answer in r.smismember("online", contacts)] if contacts else []
