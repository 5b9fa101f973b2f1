"""What makes a revision: its content and digest, the kind of change, and the differences."""
