def read_page(r, board, page, size):
    return [r.lindex(f"board:{board}", i) for i in range((page-1)*size, page*size)]
