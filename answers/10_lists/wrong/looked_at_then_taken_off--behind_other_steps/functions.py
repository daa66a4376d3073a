def undo(r, document):
    r.persist(f"steps:{document}")
    step = r.lindex(f"steps:{document}", -1)
    r.ltrim(f"steps:{document}", 0, -2)
    return step
