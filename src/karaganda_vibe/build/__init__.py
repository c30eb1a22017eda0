"""What is made from what, and running it."""
