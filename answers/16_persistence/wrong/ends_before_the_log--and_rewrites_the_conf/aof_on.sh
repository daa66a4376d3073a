redis-cli CONFIG SET appendonly yes
redis-cli CONFIG REWRITE
