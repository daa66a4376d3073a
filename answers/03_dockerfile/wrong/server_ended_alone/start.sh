#!/bin/sh
python serve.py
tail -f /dev/null
