before=$(redis-cli LASTSAVE)
while [ "$(redis-cli LASTSAVE)" = "$before" ]; do sleep 0.1; done
redis-cli BGSAVE
