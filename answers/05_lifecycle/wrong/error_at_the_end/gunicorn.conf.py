threads = 4


def on_exit(server):
    with open("/app/stopped.txt", "w") as file:
        file.write("stopped")
