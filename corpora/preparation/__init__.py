"""Preparing a corpus: from any files to a directory that trains at once, and says what it was made of."""
