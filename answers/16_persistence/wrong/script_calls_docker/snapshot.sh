# Makes a snapshot while Redis goes on working, and ends once it is complete.
docker compose exec redis redis-cli BGSAVE
while docker compose exec redis redis-cli INFO persistence | grep -q rdb_bgsave_in_progress:1; do
  sleep 0.1
done
docker compose exec redis redis-cli INFO persistence | grep -q rdb_last_bgsave_status:ok
