"""What a class has earned: marks, lists for learning platforms, each student's feedback, and the gradebook page."""
