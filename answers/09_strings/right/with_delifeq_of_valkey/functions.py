def release_lock(r, name, token):
    return r.execute_command("DELIFEQ", f"lock:{name}", token) == 1
