#!/bin/sh
timeout 5 python app.py
tail -f /dev/null
