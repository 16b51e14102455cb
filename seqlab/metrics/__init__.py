"""Scores as running sums: division and the change of log base happen when a figure is asked for."""
