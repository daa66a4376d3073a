def undo(r, document):
    return r.lindex(f"steps:{document}", -1)
