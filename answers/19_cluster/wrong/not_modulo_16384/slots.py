from binascii import crc_hqx

SLOTS = 16383


def slot(key):
    """The slot of a key, as a Redis Cluster counts it."""
    start = key.find("{")
    end = key.find("}", start + 1)
    if start >= 0 and end > start + 1:
        key = key[start + 1 : end]
    return crc_hqx(key.encode(), 0) % SLOTS
