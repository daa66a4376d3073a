# Makes a snapshot while Redis goes on working, and ends once it is complete.
# It is run by sh, in the container of Redis: docker compose exec -T redis sh < snapshot.sh

# Your turn
