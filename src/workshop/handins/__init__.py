"""What strangers hand in, taken apart without following anything that leads elsewhere: whose it is, which lessons, since when."""
