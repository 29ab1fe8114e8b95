"""A variational autoencoder on MNIST with two latents: all digits that it generates fit in one plane.

Reproduce: `zoo train vae.mnist-2d`. Otherwise like vae.mnist; two latents say less about a digit than twenty, and fewer
hidden units are enough for them.
"""

from zoo.recipes.vae_mnist import VAEMNIST


class VAEMNIST2D(VAEMNIST):
    name = "vae.mnist-2d"
    summary = "A variational autoencoder with two latents: a plane in which each point is a digit."
    arguments = {"latents": 2, "hidden": 200}
    targets = {}
    intended_use = "To see what latents are: the plane of all digits that it generates (app digits)."
    limits = "Its digits are blurred, and some classes run into each other: two latents are few for a digit."


RECIPE = VAEMNIST2D()
