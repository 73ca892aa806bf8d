"""What leaves the store for people and other programs."""
