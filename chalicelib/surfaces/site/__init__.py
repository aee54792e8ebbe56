"""What a deployment answers to anybody, and every path that no other surface knows."""
