#!/bin/sh
python app.py &
until python -c "from urllib.request import urlopen; urlopen('http://127.0.0.1:5000/')" 2> /dev/null; do
    sleep 0.2
done
echo "the service is up"
sleep 5
