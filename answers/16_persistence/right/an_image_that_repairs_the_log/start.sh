# Takes an incomplete write off the end of the log before Redis reads it.
log=/data/appendonlydir/appendonly.aof.manifest
if [ -e "$log" ]; then
  echo y | redis-check-aof --fix "$log"
fi
exec docker-entrypoint.sh redis-server /etc/redis/redis.conf
