"""Batch normalisation by TensorFlow's fused kernel."""

import keras
from keras import ops


class BatchNormalization(keras.layers.BatchNormalization):
    """Batch normalisation of pictures (B, H, W, C), float16, bfloat16 or float32, over all axes but the last.

    S. Ioffe, C. Szegedy, "Batch Normalization: Accelerating Deep Network Training by Reducing Internal Covariate Shift"
    (2015), algorithm 1. https://arxiv.org/abs/1502.03167

    It computes what its parent does. While it trains on TensorFlow it does so by TensorFlow's own kernel: one pass each
    way where the parent has a dozen small operations in float32, which are more than half of a ResNet-20's time.
    """

    def call(self, inputs, training=None, mask=None):
        learning = training and self.trainable
        # What the kernel has: pictures with their maps last, a scale and an offset.
        usual = len(inputs.shape) == 4 and self.axis in (-1, 3) and self.scale and self.center
        if keras.config.backend() != "tensorflow" or not (learning and usual) or mask is not None or self.synchronized:
            return super().call(inputs, training=training, mask=mask)
        import tensorflow as tf

        normalized, mean, variance, *_ = tf.raw_ops.FusedBatchNormV3(
            x=inputs,
            scale=ops.convert_to_tensor(self.gamma),
            offset=ops.convert_to_tensor(self.beta),
            mean=tf.zeros([0]),  # none yet: the kernel finds the batch's own
            variance=tf.zeros([0]),
            epsilon=self.epsilon,
            is_training=True,
        )
        # The kernel's variance is the estimate for the population, Keras's that of the batch.
        count = ops.cast(tf.size(inputs) / tf.shape(inputs)[-1], "float32")
        variance *= (count - 1) / count
        for moving, batch in ((self.moving_mean, mean), (self.moving_variance, variance)):
            moving.assign(moving * self.momentum + batch * (1 - self.momentum))
        return normalized
