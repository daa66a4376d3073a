def queue_song(r, party, song, after):
    return r.linsert(f"songs:{party}", after, "after", song) > 0
