redis-cli CONFIG SET appendonly yes
ask="local told = redis.call('INFO', 'persistence') return told:match('aof_rewrite_in_progress:(%d)') + told:match('aof_rewrite_scheduled:(%d)')"
until [ "$(redis-cli EVAL "$ask" 0)" = 0 ]; do sleep 0.1; done
