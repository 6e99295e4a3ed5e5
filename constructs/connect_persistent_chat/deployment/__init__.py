"""The checks and proofs of a deployment, and the one function that runs them."""
