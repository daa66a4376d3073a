def queue_song(r, party, song, after):
    songs = r.lrange(f"songs:{party}", 0, -1)
    if after not in songs:
        return False
    songs.insert(songs.index(after) + 1, song)
    return True
