def queue_song(r, party, song, after):
    at = r.lpos(f"songs:{party}", after)
    if at is None:
        return False
    r.lset(f"songs:{party}", at + 1, song)
    return True
