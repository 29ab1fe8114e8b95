"""A variational autoencoder on MNIST with two latents: all that it can draw fits on one map.

Reproduce: `zoo train vae.mnist-2d`. Otherwise like vae.mnist; two numbers say less about a digit than twenty, and fewer
hidden units are enough for them.
"""

from zoo.recipes.vae_mnist import VAEMNIST


class VAEMNIST2D(VAEMNIST):
    name = "vae.mnist-2d"
    summary = "A variational autoencoder with two latents: a plane of which each point is a digit."
    arguments = {"latents": 2, "hidden": 200}
    targets = {}
    intended_use = "To see what latents are: the map of all digits that it draws (app digits)."
    limits = "Its digits are blurred, and some kinds of them run into each other: two numbers are few for a digit."


RECIPE = VAEMNIST2D()
