"""What the learner writes."""
