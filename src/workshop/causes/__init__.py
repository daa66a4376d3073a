"""What goes wrong with an image or a container, whatever the lesson; and all general mistakes in the order in which they are looked through."""
