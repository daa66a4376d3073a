def email_of(r, user):
    return r.hget(f"user:{user}", "mail")
