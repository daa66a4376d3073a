#!/bin/sh
export GREETING="Hello World"
exec gunicorn --threads 4 app:app
