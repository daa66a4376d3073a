def email_of(r, user):
    return r.hget(user, "email")
