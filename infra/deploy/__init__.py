"""What puts a stage on AWS and takes it away again: `make deploy`, `make destroy`, `make resources`."""
