#!/bin/sh
python app.py &
until grep -q :1388 /proc/net/tcp; do
    sleep 0.2
done
echo "the service is up"
sleep 5
