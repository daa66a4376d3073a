echo "appendonly yes" >> /etc/redis/redis.conf
