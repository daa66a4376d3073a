def read_settings(r, defaults):
    return dict(zip(defaults, r.mget([f"setting:{name}" for name in defaults])))
