#!/bin/sh -e
test -f "$SETTINGS/shop.ini"
exec gunicorn --bind 0.0.0.0:5000 app:app
