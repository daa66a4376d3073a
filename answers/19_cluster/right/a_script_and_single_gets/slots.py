import re
from binascii import crc_hqx

TAG = re.compile(r"[^{]*\{([^}]+)\}")


def slot(key):
    tag = TAG.match(key)
    return crc_hqx((tag[1] if tag else key).encode(), 0) % 16384
