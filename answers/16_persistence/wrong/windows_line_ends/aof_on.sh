# Turns the log on in a Redis that works, and ends once all data is in it.
redis-cli CONFIG SET appendonly yes
while redis-cli INFO persistence | grep -q -e aof_rewrite_in_progress:1 -e aof_rewrite_scheduled:1; do
  sleep 0.1
done
redis-cli INFO persistence | grep -q aof_last_bgrewrite_status:ok
