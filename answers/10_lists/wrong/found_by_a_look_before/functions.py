def queue_song(r, party, song, after):
    key = f"songs:{party}"
    if r.lpos(key, after) is None:
        return False
    r.linsert(key, "AFTER", after, song)
    return True
