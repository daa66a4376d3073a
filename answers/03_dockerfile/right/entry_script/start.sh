#!/bin/sh
set -e
echo "starting on port 5000"
exec python app.py
