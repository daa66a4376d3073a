def around(r, board, player, count):
    everyone = r.zrange(f"board:{board}", 0, 99, desc=True)
    if player not in everyone:
        return []
    i = everyone.index(player)
    return everyone[max(0, i - count) : i + count + 1]
