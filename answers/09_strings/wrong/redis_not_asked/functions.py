def read_settings(r, defaults):
    return defaults
