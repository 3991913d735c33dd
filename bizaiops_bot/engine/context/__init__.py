"""What the parts of the engine share: store, ports, policy, people, doorbells, who leads."""
