redis-cli BGSAVE
until [ "$(redis-cli INFO persistence | grep rdb_bgsave_in_progress)" = "rdb_bgsave_in_progress:0" ]; do
  sleep 0.1
done
