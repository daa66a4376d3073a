#!/bin/sh
set -e
export PYTHONUNBUFFERED=1
echo "starting on port ${PORT:-5000}"
exec gunicorn --bind "0.0.0.0:${PORT:-5000}" --worker-class gthread --threads 8 app:app "$@"
