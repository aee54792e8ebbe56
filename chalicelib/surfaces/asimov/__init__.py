"""Asimov: any operation of the deployment's own, at once or in the background, by one header."""
