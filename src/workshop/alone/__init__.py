"""The workshop by Docker alone: the page, JupyterLab and the commands in a container, which asks the engine through its socket."""
