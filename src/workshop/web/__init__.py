"""The page: the course as a site that anyone can read, and the live page that `./workshop start` serves beside the terminal."""
