"""Sound: audio files in, samples as float32 out, and back. By soundfile (libsndfile)."""

import html
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from zoo.errors import BadInput, one_line
from zoo.kinds.kind import Kind, check_file, check_suffix, writing

RATES = (8_000, 192_000)  # samples a second that are taken, both included
CHANNELS = 2  # mono and stereo
MAX_SAMPLES = 2**28  # of all channels together: 1 GiB of float32, 46 minutes of stereo at 48 kHz
_FULL_SCALE = 2**15  # of 16-bit samples
_BLOCK = 2**16  # samples written at once: libsndfile's Vorbis encoder needs stack in proportion


@dataclass(frozen=True)
class Waveform:
    """Sound. samples: float32, -1 to 1, (T,) for mono, (T, C) for C channels; rate: samples a second, of each."""

    samples: np.ndarray
    rate: int


@dataclass(frozen=True, kw_only=True)
class Audio(Kind):
    """Sound, a `Waveform` of one or two channels. Files: WAV, FLAC, OGG Vorbis and MP3; all but MP3 are written."""

    noun = "audio"
    in_python = "a path or a Waveform"
    is_file = True
    reads = (".wav", ".flac", ".ogg", ".mp3")
    writes = (".wav", ".flac", ".ogg")
    suffix = ".wav"

    def check(self, name, value):
        if not isinstance(value, Waveform):
            raise BadInput(
                f"{name} is a {type(value).__name__}; give a Waveform (zoo.kinds.audio.read_audio reads files)"
            )
        samples = np.asarray(value.samples)
        if samples.dtype.kind != "f":
            raise BadInput(f"{name} has samples of {samples.dtype}; give float32, -1 to 1")
        if samples.ndim not in (1, 2):
            raise BadInput(f"{name} has samples of shape {samples.shape}; give (time,) or (time, channels)")
        _check_format(name, len(samples), samples.shape[1] if samples.ndim == 2 else 1, value.rate)
        if not np.isfinite(samples).all():
            raise BadInput(f"{name}: some samples are not finite numbers")
        if samples.ndim == 2 and samples.shape[1] == 1:
            samples = samples[:, 0]
        return Waveform(samples.astype(np.float32, copy=False), int(value.rate))

    def read(self, path, name=""):
        return read_audio(path, name)

    def write(self, path, value):
        write_audio(path, value)

    def example(self):
        """A tone of 440 Hz, a tenth of a second."""
        times = np.arange(1600) / 16_000
        return Waveform((0.5 * np.sin(2 * np.pi * 440 * times)).astype(np.float32), 16_000)

    def words(self, value):
        return f"{len(value.samples) / value.rate:.2f} s at {value.rate} Hz"

    def html(self, value, address="", label=""):
        return f'<audio src="{html.escape(address, quote=True)}" controls></audio>'


def _check_format(name: str, length: int, channels: int, rate) -> None:
    """Raises BadInput for sound that apps are not given."""
    if not length:
        raise BadInput(f"{name}: the audio is empty")
    if not 1 <= channels <= CHANNELS:
        raise BadInput(f"{name}: {channels} channels; give mono or stereo")
    if not RATES[0] <= rate <= RATES[1] or rate != int(rate):
        raise BadInput(f"{name}: {rate} samples a second; give {RATES[0]} to {RATES[1]}, resampled if need be")
    if length * channels > MAX_SAMPLES:
        raise BadInput(f"{name}: {length / rate / 60:.0f} minutes, more than the limit; cut it into parts first")


def read_audio(path, name: str = "") -> Waveform:
    """Reads an audio file of whatever sample format: float32, (T,) if it is mono, else (T, C).

    name: what errors call it. Raises BadInput for what is missing, damaged, no audio or empty, for more than two
    channels, and for a rate outside of 8,000 to 192,000 Hz.
    """
    import soundfile

    name = check_file(path, name)
    try:
        with soundfile.SoundFile(Path(path)) as file:
            _check_format(name, file.frames, file.channels, file.samplerate)
            # Always as floats: asked for integers, libsndfile truncates a float file to zeros and ones.
            samples, rate = file.read(dtype="float32"), file.samplerate
    except PermissionError as error:
        raise BadInput(f"{name}: no permission to read it") from error
    except (soundfile.SoundFileError, OSError, TypeError) as error:  # TypeError: .raw, of which nothing is known
        raise BadInput(f"{name}: not audio that can be read ({' '.join(Audio.reads)})") from error
    return Audio().check(name, Waveform(samples, rate))


def write_audio(path, sound: Waveform) -> None:
    """Writes a `Waveform`: WAV and FLAC of 16 bits, where values beyond -1 to 1 are clipped, or OGG Vorbis.

    A failure leaves no file behind. Raises BadInput for another suffix, sound that `Audio` rejects, or a path that
    cannot be written.
    """
    import soundfile

    suffix = check_suffix(path, Audio.writes)
    sound = Audio().check(str(path), sound)
    samples, channels = sound.samples, 1 if sound.samples.ndim == 1 else sound.samples.shape[1]
    if suffix != ".ogg":  # by ourselves, so that 16-bit samples that were read are written bit by bit
        samples = np.clip(np.rint(samples * _FULL_SCALE), -_FULL_SCALE, _FULL_SCALE - 1).astype(np.int16)
    subtype = "VORBIS" if suffix == ".ogg" else "PCM_16"
    with writing(path) as beside:
        try:
            with soundfile.SoundFile(beside, "w", sound.rate, channels, subtype, format=suffix[1:].upper()) as file:
                for start in range(0, len(samples), _BLOCK):
                    file.write(samples[start : start + _BLOCK])
        except soundfile.SoundFileError as error:
            raise BadInput(f"{path}: cannot be written ({one_line(error)})") from error
