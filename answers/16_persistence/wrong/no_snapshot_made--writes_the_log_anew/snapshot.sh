redis-cli BGREWRITEAOF
while redis-cli INFO persistence | grep -q aof_rewrite_in_progress:1; do sleep 0.1; done
