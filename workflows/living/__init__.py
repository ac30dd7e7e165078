"""Who may suspend, repair and move running instances, and what they may see of them."""
