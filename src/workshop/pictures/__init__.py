"""Pictures of what runs: pure functions from data to an SVG and to the same as text. Nothing here asks anybody."""
