"""Sources of weights that others published: keras.applications, Hugging Face."""
