#!/bin/sh
gunicorn --threads 4 app:app
