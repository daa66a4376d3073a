redis-cli SAVE
