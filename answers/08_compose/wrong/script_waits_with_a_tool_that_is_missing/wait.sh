#!/bin/sh
until redis-cli -h redis ping >/dev/null 2>&1
do sleep 1
done
exec "$@"
