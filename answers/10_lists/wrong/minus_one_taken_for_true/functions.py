def queue_song(r, party, song, after):
    return bool(r.linsert(f"songs:{party}", "after", after, song))
