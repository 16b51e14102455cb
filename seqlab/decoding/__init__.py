"""Search and sampling over any model that steps from state to state."""
