import re
from binascii import crc_hqx

SLOTS = 16384


def slot(key):
    """The slot of a key, as a Redis Cluster counts it."""
    if found := re.search(r"\{([^}]+)\}", key):
        key = found[1]
    return crc_hqx(key.encode(), 0) % SLOTS
