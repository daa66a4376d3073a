"""What goes wrong when a container starts, whatever the lesson; and all general mistakes in the order in which they are looked through."""
