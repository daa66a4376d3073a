from redis.crc import key_slot


def slot(key):
    return key_slot(key.encode())
