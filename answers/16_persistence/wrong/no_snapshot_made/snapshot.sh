redis-cli LASTSAVE
