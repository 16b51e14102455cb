"""Count-based models, in NumPy."""
