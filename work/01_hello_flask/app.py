from flask import Flask

app = Flask(__name__)


# Your turn: GET / answers Hello World

# Your turn: GET /hello/<name> greets by name

# Your turn: GET /healthz answers JSON

# Your turn: start the server on 0.0.0.0, port 5000
