"""What trains: the loop, recipes' base class, resuming, fine-tuning."""
