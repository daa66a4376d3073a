set -eu
before=$(redis-cli LASTSAVE)
redis-cli BGSAVE SCHEDULE
until [ "$(redis-cli LASTSAVE)" -gt "$before" ]; do sleep 0.2; done
