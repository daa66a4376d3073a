def email_of(r, user):
    return r.hmget(f"user:{user}", ["email"])
