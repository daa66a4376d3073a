def email_of(r, user):
    return r.hget(f"user:{user}", "email") or None
