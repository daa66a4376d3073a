"""What runs elsewhere: the relay, the sweeper, the notebook's runner, the supplied images. Imports nothing of ours."""
