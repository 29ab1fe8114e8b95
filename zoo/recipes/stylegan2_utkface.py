"""StyleGAN2 on UTKFace: faces of nobody, of the gender, age and ethnicity that are asked for.

Reproduce: `zoo data prepare utkface --from FOLDER`, then `zoo train stylegan2.utkface`. A small one: 16 maps at 64 x 64
pixels, 128 at most, two layers of mapping. Its discriminator sees pictures that are changed at random, since 17,945
faces are few.
"""

import keras

from zoo.recipes.faces import Faces


class StyleGAN2UTKFace(Faces):
    name = "stylegan2.utkface"
    summary = "StyleGAN2 makes faces of people who don't exist, of the gender, age and ethnicity asked for."
    arguments = {
        "input_shape": [64, 64, 3],
        "latents": 128,
        "maps": 16,
        "most": 128,
        "depth": 2,
        "conditions": [2, 8, 5],
        "augment": True,
        "penalty": 1.0,
    }
    epochs = 100

    def optimizer(self, steps):
        return keras.optimizers.Adam(2e-3, beta_1=0.0, beta_2=0.99, epsilon=1e-8, use_ema=True, ema_momentum=0.999)


RECIPE = StyleGAN2UTKFace()
