def undo(r, document):
    return r.brpop(f"steps:{document}", timeout=0.1)
