# Lua asks, the shell waits.
redis-cli BGSAVE
ask="return redis.call('INFO', 'persistence'):match('rdb_bgsave_in_progress:(%d)')"
until [ "$(redis-cli EVAL "$ask" 0)" = 0 ]; do sleep 0.1; done
