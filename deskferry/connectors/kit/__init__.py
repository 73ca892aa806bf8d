"""What every connector is built from; knows no vendor."""
