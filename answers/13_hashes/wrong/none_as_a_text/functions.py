def email_of(r, user):
    return str(r.hget(f"user:{user}", "email"))
