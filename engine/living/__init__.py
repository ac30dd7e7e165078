"""What is done to instances that run: suspend, resume, repair, move to another release."""
