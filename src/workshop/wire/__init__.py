"""The wire between a student's code and Redis: the relay's other end, rivals, traces, the grader's own look into Redis, and the sockets that listen."""
