"""The app store: apps found when searched for, browsed with counts, and like one another."""
