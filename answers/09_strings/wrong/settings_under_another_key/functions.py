def read_settings(r, defaults):
    values = r.mget(list(defaults))
    return {n: d if v is None else v for (n, d), v in zip(defaults.items(), values)}
