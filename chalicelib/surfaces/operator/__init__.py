"""What the operator of a deployment may do, with a key that opens nothing else."""
