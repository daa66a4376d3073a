def queue_song(r, party, song, after):
    k = f"songs:{party}"
    if r.lpos(k, after) is None: return False
    r.rpush(k, song)
    return True
