bind = "0.0.0.0:5000"
threads = 4
