"""What goes on at a terminal while somebody works on a lesson: keys, saves, the page, hints, the lesson's text."""
