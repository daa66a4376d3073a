set -eu
redis-cli CONFIG SET appendonly yes
redis-cli CONFIG REWRITE
busy() { redis-cli INFO persistence | tr -d '\r' | grep -cE '^aof_rewrite_(in_progress|scheduled):1$' || true; }
while [ "$(busy)" != 0 ]; do sleep 0.2; done
