def undo(r, document):
    return r.rpop(f"steps:{document}", 1)
