def queue_song(r, party, song, after):
    if not r.lpos(f"songs:{party}", after):
        return False
    return r.linsert(f"songs:{party}", "AFTER", after, song) > 0
