def undo(r, document):
    print(r.rpop(f"steps:{document}"))
