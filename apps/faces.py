"""Faces of people who don't exist, of the gender, age and ethnicity that are asked for."""

import math
from typing import Annotated

import numpy as np

import zoo
from zoo.data import faces
from zoo.errors import BadInput

from .app import App, Choice, Film, Flag, Image, Number, Picture, Sample, Text, Video
from .drawing import grid

CHECKPOINT = "ddpm.utkface"
ANY, NOTHING = "any", "nothing"
MOST = 1000  # faces at once
VARIED = {"gender": faces.GENDERS, "age": tuple(f"{a}-{b}" for a, b in faces.BANDS), "ethnicity": faces.ETHNICITIES}
BANDS = ", ".join(VARIED["age"])
LARGE = 256  # pixels of an enlarged face
SHOWN = 128  # pixels of a face on the sheet
PART = 16  # faces made at once
RATE, SECONDS = 25.0, 4.0  # of a film
SQUARE = 8  # pixels: averages of such squares of noise decide what is light and of which colour
MorphSeed = Annotated[
    int, Number(minimum=0, maximum=2**32 - 1, whole=True, help="two seeds: in n steps from one's face to the other's")
]
NOBODY = "made by a network; this person does not exist"


class Faces(App):
    name = "faces"
    title = "Faces that don't exist"
    summary = (
        "Makes faces of people who don't exist, of the gender, age and ethnicity asked for, as others would perceive "
        "them. For research and teaching, not for commerce."
    )
    checkpoints = (CHECKPOINT,)

    def __call__(
        self,
        n: Annotated[int, Number(label="how many", minimum=1, maximum=MOST, whole=True, help="how many people")] = 16,
        seed: Annotated[
            int,
            Number(
                minimum=0,
                maximum=2**32 - 1,
                whole=True,
                help="of the first person; the next person has the next seed; not for a morph, which has its own",
            ),
        ] = 0,
        gender: Annotated[str, Choice(options=(ANY, *faces.GENDERS), help="as others would perceive it")] = ANY,
        age: Annotated[
            str, Text(help=f"in years, such as 30 or 26-35, or any; the network knows the bands {BANDS}")
        ] = ANY,
        ethnicity: Annotated[str, Choice(options=(ANY, *faces.ETHNICITIES), help="as others would perceive it")] = ANY,
        vary: Annotated[
            str, Choice(options=(NOTHING, *VARIED), help="show each person with all values of one of these")
        ] = NOTHING,
        morph: tuple[MorphSeed, MorphSeed] = (),
        video: Annotated[bool, Flag(help="make a film of the morph, four seconds long")] = False,
    ) -> tuple[
        list[Annotated[Picture, Image(label="faces")]], Annotated[Film | None, Video(label="morph", when="video")]
    ]:
        """A sheet of all, and each one as the network made it, 64 x 64, and enlarged to 256 x 256.

        A seed's person is the same whatever else is asked for; what is left to chance is drawn by the seed as well.
        """
        check(n, gender, age, ethnicity, vary, morph, video)
        asked = (gender, ages(age), ethnicity)
        model = self.model(CHECKPOINT)
        if morph:
            noise, labels = people(morph, asked, model)
            about = {"Seeds": f"{morph[0]} to {morph[1]}", "Asked": " to ".join(described(each) for each in labels)}
            pictures = self._pictures(model, *between(noise, labels, n), about, morphing(n))
            return pictures, self._film(model, noise, labels, about) if video else None
        seeds = [(seed + number) % 2**32 for number in range(n)]
        about = {"Seeds": f"{n} from {seed} on", "Asked": f"{gender} gender, {age} age, {ethnicity} ethnicity"}
        noise, labels = people(seeds, asked, model)
        if vary != NOTHING:
            about["Varied"] = vary
            noise, labels = varied(noise, labels, vary)
        named = persons(seeds, labels, vary)
        return self._pictures(model, noise, labels, None, about, named, len(VARIED.get(vary, ()))), None

    def _pictures(self, model, noise, labels, shares, about: dict, named: dict, columns: int = 0) -> list[Picture]:
        """A sheet, with so many columns or as wide as high, and files of each face, named {name: about}."""
        always = {"Generated": NOBODY, "Checkpoint": CHECKPOINT, "Software": f"zoo {zoo.__version__}"} | about
        drawn = self._draw(model, noise, labels, shares)
        sheet = grid([enlarged(face, SHOWN) for face in drawn], columns or math.ceil(math.sqrt(len(drawn))))
        found = [Picture("sheet", sheet, always)]
        by = {"Enlarged": f"{LARGE // drawn.shape[1]} times, by Lanczos interpolation"}
        for face, (name, own) in zip(drawn, named.items(), strict=True):
            found.append(Picture(name, face, always | own))
            found.append(Picture(f"{name}-{LARGE}", enlarged(face, LARGE), always | own | by))
        return found

    def _film(self, model, noise, labels, about: dict) -> Film:
        frames = self._draw(model, *between(noise, labels, round(RATE * SECONDS)))
        comment = "; ".join([NOBODY, CHECKPOINT, *(f"{name}: {text}" for name, text in about.items())])
        return Film([enlarged(face, LARGE) for face in frames], RATE, {"comment": comment})

    def _draw(self, model, noise, labels, shares) -> np.ndarray:
        def part(start):
            own = slice(start, start + PART)
            if shares is None:
                return model.generate(noise[own], labels[own], eta=0.0)
            return model.generate(noise[own], labels[:, own], label_weights=shares[:, own], eta=0.0)

        starts = range(0, len(noise), PART)
        return np.concatenate([part(start) for start in self.track(starts, len(starts), "drawing")])

    def samples(self):
        ours = "of nobody"
        return [
            Sample(name="eight", title="Eight people", credit=ours, inputs={"n": 8, "seed": 0}),
            Sample(
                name="older", title="One person at all ages", credit=ours, inputs={"n": 1, "seed": 3, "vary": "age"}
            ),
        ]


def check(n, gender, age, ethnicity, vary, morph, video) -> None:
    """Raises BadInput for what can't be asked for together."""
    if video and not morph:
        raise BadInput("a film is made of a morph; give two seeds, --morph 3 9")
    if morph and vary != NOTHING:
        raise BadInput("morph and vary are two things to do; choose one")
    if morph and morph[0] == morph[1]:
        raise BadInput(f"there is no way from seed {morph[0]} to itself; give two seeds, --morph 3 9")
    if vary != NOTHING and {"gender": gender, "age": age, "ethnicity": ethnicity}[vary] != ANY:
        raise BadInput(f"{vary} can't be one and all values; leave out --{vary} or --vary")
    each = len(VARIED.get(vary, (NOTHING,)))
    if n * each > MOST:
        raise BadInput(f"{n} people with {each} faces each are more than {MOST} faces; ask for fewer people")


def ages(text: str) -> tuple[int, int] | None:
    """The first and the last age of "30" or "26-35", or None for any. Raises BadInput for what is no such thing."""
    if text == ANY:
        return None
    first, dash, last = text.partition("-")
    try:
        found = int(first), int(last if dash else first)
    except ValueError:
        found = 0, 0
    if not 1 <= found[0] <= found[1] <= faces.OLDEST:
        raise BadInput(f"age is {text!r:.40}; give years from 1 to {faces.OLDEST}, such as 30 or 26-35, or {ANY}")
    return found


def people(seeds, asked, model) -> tuple[np.ndarray, np.ndarray]:
    """Noise float32 (N, H, W, C) of the people of these seeds, and labels (N, 3): those asked for, else by chance."""
    gender, age, ethnicity = asked
    noise, labels = [], []
    for seed in seeds:
        rng = np.random.default_rng(int(seed))
        noise.append(rng.standard_normal(model.arguments["input_shape"], dtype="float32"))
        # All are drawn, whatever is asked for, so that each person stays the same.
        by_chance = rng.random(3)
        first = int(by_chance[0] * len(faces.GENDERS))
        third = int(by_chance[2] * len(faces.ETHNICITIES))
        if age is None:
            second = int(by_chance[1] * len(faces.BANDS))
        else:
            second = faces.band(age[0] + int(by_chance[1] * (age[1] - age[0] + 1)))
        first = first if gender == ANY else faces.GENDERS.index(gender)
        third = third if ethnicity == ANY else faces.ETHNICITIES.index(ethnicity)
        labels.append((first, second, third))
    return np.stack(noise), np.array(labels, np.int32)


def varied(noise, labels, vary) -> tuple[np.ndarray, np.ndarray]:
    """Each person with all values of one label, one after the other."""
    count = len(VARIED[vary])
    noise, labels = (np.repeat(each, count, axis=0) for each in (noise, labels))
    labels[:, list(VARIED).index(vary)] = np.tile(np.arange(count), len(labels) // count)
    return noise, labels


def persons(seeds, labels, vary) -> dict:
    """Names for the files of people, and what these say of them."""
    values = [f"-{value}" for value in VARIED.get(vary, ())] or [""]
    places = [(seed, value) for seed in seeds for value in values]
    return {
        f"seed-{seed:04}{value}": {"Seed": str(seed), "Asked": described(label)}
        for (seed, value), label in zip(places, labels, strict=True)
    }


def morphing(steps: int) -> dict:
    """The same for the steps of a morph."""
    return {f"morph-{step:04}": {"Step": f"{step} of {steps}"} for step in range(1, steps + 1)}


def described(labels) -> str:
    """The labels of a face in words: "female, 26-35, indian"."""
    return ", ".join(values[label] for values, label in zip(VARIED.values(), labels, strict=True))


def between(noise, labels, steps: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The way from one person to another, both included: noise (2, H, W, C), labels (2, 3) -> noise (steps, H, W, C),
    labels (2, steps, 3) and the shares of both, (2, steps).

    Noise turns from one to the other along a great circle, for what lies halfway on a line has half of the variance
    that noise has. Averages of squares go on a line all the same. On the circle what two people have in common is up to
    sqrt(2) as much halfway, and some pairs become glaring on the way and then jump; on the line faces have a fifth less
    contrast there.
    """
    share = np.linspace(0, 1, steps) if steps > 1 else np.array([0.5])
    second = share.reshape(-1, 1, 1, 1)
    coarse = coarsened(noise)
    fine = noise - coarse
    way = (1 - second) * coarse[0] + second * coarse[1]
    way = way + np.cos(second * np.pi / 2) * fine[0] + np.sin(second * np.pi / 2) * fine[1]
    return way.astype("float32"), np.repeat(labels[:, None], steps, axis=1), np.stack([1 - share, share])


def coarsened(pictures: np.ndarray) -> np.ndarray:
    """Averages of squares instead of their pixels: (N, H, W, C) -> the same."""
    count, height, width, colours = pictures.shape
    squares = pictures.reshape(count, height // SQUARE, SQUARE, width // SQUARE, SQUARE, colours)
    return squares.mean(axis=(2, 4)).repeat(SQUARE, axis=1).repeat(SQUARE, axis=2)


def enlarged(face: np.ndarray, side: int) -> np.ndarray:
    """uint8 (H, W, 3) -> (side, side, 3), by Lanczos interpolation."""
    import cv2

    return cv2.resize(face, (side, side), interpolation=cv2.INTER_LANCZOS4)
