"""What AsyncFlow simulates: profiles of bad days, request faults, outages, and the fate of each message. All of it is a
pure function of a seed and of names and numbers, never of a stream of chance."""
