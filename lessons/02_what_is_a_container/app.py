from flask import Flask

app = Flask(__name__)


# Your turn: GET /whoami answers a JSON object with five things that the app finds out while it runs:
#   pid         its own process id
#   hostname    the name of the machine, as the app sees it
#   kernel      the release of the Linux kernel
#   memory      the memory limit of its cgroup in bytes, None where there is none
#   processes   how many processes it sees


if __name__ == "__main__":
    app.run(host="0.0.0.0", port=5000)
