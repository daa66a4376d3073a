#!/bin/bash
# Asks the service in this container for /healthz; ends with 0 if the answer is 200. Docker runs it every two seconds.
# bash speaks TCP itself: 2 ms of processor time (measured). A Python takes 30, and with urllib.request 90.
exec 3<>"/dev/tcp/127.0.0.1/${PORT:-5000}" || exit 1
printf 'GET /healthz HTTP/1.0\r\n\r\n' >&3
read -r -t 2 status <&3
echo "$status"
[[ $status == *" 200 "* ]]
