redis-cli BGSAVE
