"""What the recipes on MNIST have in common."""

from zoo.training.recipe import Recipe


class MNIST(Recipe):
    dataset = "mnist"
    input = {
        "kind": "image",
        "shape": [28, 28, 1],
        "dtype": "uint8",
        "description": "a grey picture of a handwritten digit, white on black, centred as in MNIST",
    }
    output = {"kind": "logits", "shape": [10], "dtype": "float32", "description": "one logit a digit"}
    labels = [str(digit) for digit in range(10)]
    limits = "Digits centred and of MNIST's size and stroke; it does not know when a picture is no digit."
    licence = "Apache-2.0 for the weights; trained on MNIST (CC BY-SA 3.0 as usually stated)"
    commercial_use = True
