"""A small service to try things on. Your own goes into app.py."""

from flask import Flask

app = Flask(__name__)


@app.get("/square/<int:number>")
def square(number):
    return {"number": number, "square": number * number}


@app.get("/shout/<word>")
def shout(word):
    return f"You say {word.upper()}\n"


if __name__ == "__main__":
    app.run(host="127.0.0.1", port=8001)
