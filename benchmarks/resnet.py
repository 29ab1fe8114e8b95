"""ResNet-20 training, images a second, beside plain Keras and plain PyTorch in one run: `python benchmarks/resnet.py`.

All train the same network with the same momentum and float type, on a batch of 128 random images of CIFAR-10's size.
Each case has its own process, one after the other. TensorFlow uses oneDNN's kernels; bfloat16 is measured only where
the CPU computes with it. The plain Keras model is made of `keras.layers` alone; the plain PyTorch model
(skipped where torch is missing) is an `nn.Module` with channels last and autocast. Median of 20 steps, after 5 to warm
up.
"""

import statistics
import subprocess
import sys
import time

from results import keep

from zoo.runtime import backend

BATCH, STEPS, WARM_UP = 128, 20, 5


def random_batch():
    import numpy as np

    random = np.random.RandomState(0)
    return random.randint(0, 256, (BATCH, 32, 32, 3)).astype("uint8"), random.randint(0, 10, BATCH)


def keras_speed(model) -> float:
    import keras

    x, y = random_batch()
    times = []

    class Clock(keras.callbacks.Callback):
        def on_train_batch_begin(self, batch, logs=None):
            self.start = time.perf_counter()

        def on_train_batch_end(self, batch, logs=None):
            times.append(time.perf_counter() - self.start)

    def batches():
        while True:
            yield x, y

    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(keras.optimizers.SGD(0.1, momentum=0.9), loss, jit_compile=False)
    model.fit(batches(), steps_per_epoch=WARM_UP + STEPS, verbose=0, callbacks=[Clock()])
    return BATCH / statistics.median(times[WARM_UP:])


def zoo_speed(precision) -> float:
    import keras

    import zoo

    keras.config.set_dtype_policy("mixed_bfloat16" if precision == "bfloat16" else "float32")
    return keras_speed(zoo.ResNet(depth=20))


def plain_keras_speed(precision) -> float:
    import keras
    from keras import layers

    keras.config.set_dtype_policy("mixed_bfloat16" if precision == "bfloat16" else "float32")

    def normalized(x, channels, stride=1):
        x = layers.Conv2D(channels, 3, strides=stride, padding="same", use_bias=False)(x)
        return layers.BatchNormalization()(x)

    inputs = keras.Input((32, 32, 3), dtype="uint8")
    x = layers.ReLU()(normalized(layers.Rescaling(1 / 127.5, -1)(inputs), 16))
    for channels, stride in ((16, 1), (32, 2), (64, 2)):
        for block in range(3):
            step = stride if block == 0 else 1
            residual = normalized(layers.ReLU()(normalized(x, channels, step)), channels)
            if step == 2:  # every other pixel, and zeros for the new channels
                x = layers.AveragePooling2D(1, strides=2)(x)
                x = layers.Concatenate()([x, layers.Rescaling(0.0)(x)])
            x = layers.ReLU()(layers.Add()([x, residual]))
    x = layers.GlobalAveragePooling2D()(x)
    return keras_speed(keras.Model(inputs, layers.Dense(10)(x)))


def plain_torch_speed(precision) -> float:
    import torch
    from torch import nn
    from torch.nn import functional

    class Block(nn.Module):
        def __init__(self, channels, stride):
            super().__init__()
            self.stride = stride
            self.conv1 = nn.Conv2d(channels // stride, channels, 3, stride, 1, bias=False)
            self.conv2 = nn.Conv2d(channels, channels, 3, 1, 1, bias=False)
            self.norm1, self.norm2 = nn.BatchNorm2d(channels), nn.BatchNorm2d(channels)

        def forward(self, x):
            residual = self.norm2(self.conv2(torch.relu(self.norm1(self.conv1(x)))))
            if self.stride == 2:
                x = functional.pad(x[:, :, ::2, ::2], (0, 0, 0, 0, 0, x.shape[1]))
            return torch.relu(x + residual)

    blocks = [
        Block(channels, stride if n == 0 else 1) for channels, stride in ((16, 1), (32, 2), (64, 2)) for n in range(3)
    ]
    stem = [nn.Conv2d(3, 16, 3, 1, 1, bias=False), nn.BatchNorm2d(16), nn.ReLU()]
    net = nn.Sequential(*stem, *blocks, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(64, 10))
    net = net.to(memory_format=torch.channels_last)
    optimizer = torch.optim.SGD(net.parameters(), 0.1, momentum=0.9)
    images, labels = random_batch()
    x = torch.tensor(images).permute(0, 3, 1, 2).float() / 127.5 - 1
    x, y = x.contiguous(memory_format=torch.channels_last), torch.tensor(labels)
    times = []
    for _ in range(WARM_UP + STEPS):
        start = time.perf_counter()
        with torch.autocast("cpu", torch.bfloat16, enabled=precision == "bfloat16"):
            logits = net(x)
        loss = functional.cross_entropy(logits.float(), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        times.append(time.perf_counter() - start)
    return BATCH / statistics.median(times[WARM_UP:])


CASES = {"zoo": zoo_speed, "plain Keras": plain_keras_speed, "plain PyTorch": plain_torch_speed}


def main() -> None:
    if len(sys.argv) == 3:  # one of the processes
        print(CASES[sys.argv[1]](sys.argv[2]))
        return
    backend.choose()  # for all of the processes alike
    precisions = ("float32", "bfloat16") if backend.precision("mixed_bfloat16") != "float32" else ("float32",)
    rows = {}
    for precision in precisions:
        speeds = {}
        for case in CASES:
            command = [sys.executable, __file__, case, precision]
            done = subprocess.run(command, capture_output=True, text=True, check=False)
            if done.returncode == 0:
                speeds[case] = float(done.stdout.split()[-1])
            else:
                print(f"{case} {precision}: left out ({done.stderr.strip().splitlines()[-1]})")
        for case, speed in speeds.items():
            beside = f"   {speed / speeds['plain Keras']:.2f} x plain Keras" if "plain Keras" in speeds else ""
            print(f"{case:14} {precision:9} {speed:7.0f} images/s{beside}")
            ratio = {"of plain Keras'": round(speed / speeds["plain Keras"], 2)} if "plain Keras" in speeds else {}
            rows[f"{case}, {precision}"] = {"images/s": round(speed), **ratio}
    keep("resnet", rows)


if __name__ == "__main__":
    main()
