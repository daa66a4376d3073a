def read_settings(r, defaults):
    return r.mget([f"setting:{name}" for name in defaults])
