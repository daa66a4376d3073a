redis-cli CONFIG SET appendonly yes
