def email_of(r, user):
    return r.hgetall(f"user:{user}")["email"]
