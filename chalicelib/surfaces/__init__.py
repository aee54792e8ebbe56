"""One folder per API, and `kit`, which tames the framework for all of them."""
