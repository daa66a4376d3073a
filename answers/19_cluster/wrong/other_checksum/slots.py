from zlib import crc32

SLOTS = 16384


def slot(key):
    """The slot of a key, as a Redis Cluster counts it."""
    start = key.find("{")
    end = key.find("}", start + 1)
    if start >= 0 and end > start + 1:
        key = key[start + 1 : end]
    return crc32(key.encode()) % SLOTS
