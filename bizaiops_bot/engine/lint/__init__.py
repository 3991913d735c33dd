"""What a playbook must not do, found by reading its source."""
