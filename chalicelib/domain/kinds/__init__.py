"""Operations that a deployment carries out itself: a file for each kind, and a line in the registry."""
