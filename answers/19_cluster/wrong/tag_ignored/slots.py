from binascii import crc_hqx

SLOTS = 16384


def slot(key):
    """The slot of a key, as a Redis Cluster counts it."""
    return crc_hqx(key.encode(), 0) % SLOTS
