"""Asks the running service, whose address is in SERVICE."""

import json
import os
import unittest
from urllib.error import HTTPError
from urllib.request import Request, urlopen

SERVICE = os.environ["SERVICE"]


def ask(path, **body):
    data = json.dumps(body).encode() if body else None
    try:
        with urlopen(Request(SERVICE + path, data, {"Content-Type": "application/json"})) as answer:
            return answer.status, answer.read().decode()
    except HTTPError as error:
        return error.code, error.read().decode()


class Pairs(unittest.TestCase):
    def test_set_and_get(self):
        self.assertEqual(ask("/set", key="city", value="Oslo")[0], 201)
        self.assertEqual(json.loads(ask("/get?key=city")[1])["value"], "Oslo")
        self.assertEqual(ask("/get?key=none")[0], 404)

    def test_words(self):
        for weight in (3, 4):
            ask("/words", word="Oslo", weight=weight)
        self.assertIn({"word": "oslo", "weight": 7}, json.loads(ask("/complete?q=os")[1])["completions"])


if __name__ == "__main__":
    unittest.main()
