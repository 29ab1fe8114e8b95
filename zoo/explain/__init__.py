"""Looking into a trained network: attribution and dreaming."""
