"""Publishes an image that is built already: python publish.py REGISTRY IMAGE VERSION

For instance: python publish.py 127.0.0.1:8006 hello 1.0.0
"""

import sys

registry, image, version = sys.argv[1:]

# Your turn
