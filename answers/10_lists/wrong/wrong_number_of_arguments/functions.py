def read_page(r, board, page, size):
    return r.execute_command("LRANGE", f"board:{board}", (page - 1) * size)
