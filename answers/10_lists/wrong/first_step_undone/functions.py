def undo(r, document):
    return r.lpop(f"steps:{document}")
