redis-cli BGSAVE
sleep 0.5
