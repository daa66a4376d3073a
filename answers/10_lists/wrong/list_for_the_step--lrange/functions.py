def undo(r, document):
    step = r.lrange(f"steps:{document}", -1, -1)
    r.ltrim(f"steps:{document}", 0, -2)
    return step or None
