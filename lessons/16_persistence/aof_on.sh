# Turns the log on in a Redis that works, and ends once all data is in it.
# It is run by sh, in the container of Redis: docker compose exec -T redis sh < aof_on.sh

# Your turn
