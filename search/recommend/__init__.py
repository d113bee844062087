"""What use tells of apps: how many use each, what goes together, and what to recommend to whom."""
