"""What a deployment costs: prices, usage volumes, and the bill that its templates make of them."""
