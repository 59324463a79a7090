"""What `tests/checkmode/run` is made of: run imports rounds and table, those import the rest, nothing goes back."""
