"""The use cases, in the product's verbs. They know the domain and the ports, and nothing concrete."""
