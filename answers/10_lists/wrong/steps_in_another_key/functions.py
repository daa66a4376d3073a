def undo(r, document):
    return r.rpop("steps")
