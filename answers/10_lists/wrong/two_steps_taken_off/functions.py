def undo(r, document):
    step = r.rpop(f"steps:{document}")
    if step:
        r.rpop(f"steps:{document}")
    return step
