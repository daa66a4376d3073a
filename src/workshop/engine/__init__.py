"""The Docker Engine: the docker command, runs and their sweeping, images and their builds, packages."""
