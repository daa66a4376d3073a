# Makes a snapshot while Redis goes on working, and ends once it is complete.
redis-cli BGSAVE
while redis-cli INFO persistence | grep -q rdb_bgsave_in_progress:1; do
  sleep 0.1
done
redis-cli INFO persistence | grep -q rdb_last_bgsave_status:ok
