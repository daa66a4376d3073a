def queue_song(r, party, song, after):
    key = f"songs:{party}"
    songs = r.lrange(key, 0, -1)
    if after not in songs:
        return False
    songs.insert(songs.index(after) + 1, song)
    r.pipeline().delete(key).rpush(key, *songs).execute()
    return True
