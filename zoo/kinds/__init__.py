"""One file for each modality: all there is to know about an image, a text, a video."""
