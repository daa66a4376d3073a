def read_settings(r, defaults):
    values = r.mget("setting:*")
    return {name: value or default for (name, default), value in zip(defaults.items(), values)}
