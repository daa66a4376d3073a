"""What goes wrong while an image is built: where a build takes things from, and what its steps say."""
