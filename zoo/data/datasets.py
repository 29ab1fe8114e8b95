"""The data sets that the zoo knows: what they are, their terms, and how their files are laid out."""

import re
from dataclasses import dataclass, field

from zoo.errors import UnknownName

_CALTECH101 = """
    accordion airplanes anchor ant barrel bass beaver binocular bonsai brain brontosaurus buddha butterfly camera cannon
    car_side ceiling_fan cellphone chair chandelier cougar_body cougar_face crab crayfish crocodile crocodile_head cup
    dalmatian dollar_bill dolphin dragonfly electric_guitar elephant emu euphonium ewer Faces Faces_easy ferry flamingo
    flamingo_head garfield gerenuk gramophone grand_piano hawksbill headphone hedgehog helicopter ibis inline_skate
    joshua_tree kangaroo ketch lamp laptop Leopards llama lobster lotus mandolin mayfly menorah metronome minaret
    Motorbikes nautilus octopus okapi pagoda panda pigeon pizza platypus pyramid revolver rhino rooster saxophone
    schooner scissors scorpion sea_horse snoopy soccer_ball stapler starfish stegosaurus stop_sign strawberry sunflower
    tick trilobite umbrella watch water_lilly wheelchair wild_cat windsor_chair wrench yin_yang
"""
_CLINC150 = """
    accept_reservations account_blocked alarm application_status apr are_you_a_bot balance bill_balance bill_due
    book_flight book_hotel calculator calendar calendar_update calories cancel cancel_reservation car_rental
    card_declined carry_on change_accent change_ai_name change_language change_speed change_user_name change_volume
    confirm_reservation cook_time credit_limit credit_limit_change credit_score current_location damaged_card date
    definition direct_deposit directions distance do_you_have_pets exchange_rate expiration_date find_phone
    flight_status flip_coin food_last freeze_account fun_fact gas gas_type goodbye greeting how_busy how_old_are_you
    improve_credit_score income ingredient_substitution ingredients_list insurance insurance_change interest_rate
    international_fees international_visa jump_start last_maintenance lost_luggage make_call maybe meal_suggestion
    meaning_of_life measurement_conversion meeting_schedule min_payment mpg new_card next_holiday next_song no
    nutrition_info oil_change_how oil_change_when order order_checks order_status pay_bill payday pin_change
    play_music plug_type pto_balance pto_request pto_request_status pto_used recipe redeem_rewards reminder
    reminder_update repeat replacement_card_duration report_fraud report_lost_card reset_settings
    restaurant_reservation restaurant_reviews restaurant_suggestion rewards_balance roll_dice rollover_401k routing
    schedule_maintenance schedule_meeting share_location shopping_list shopping_list_update smart_home spelling
    spending_history sync_device taxes tell_joke text thank_you time timer timezone tire_change tire_pressure
    todo_list todo_list_update traffic transactions transfer translate travel_alert travel_notification
    travel_suggestion uber update_playlist user_name vaccines w2 weather what_are_your_hobbies what_can_i_ask_you
    what_is_your_name what_song where_are_you_from whisper_mode who_do_you_work_for who_made_you yes
"""
_CLASS_FOLDERS = "DIR/<label>/*.jpg or DIR/<split>/<label>/*.jpg (or another image format), any size"
_ANY_PHOTOGRAPHS = (
    "DIR/**/*.jpg (or another image format): all photographs in DIR and its subfolders, of any size; "
    "if DIR has a subfolder named as the split, only what is in that"
)

_FACES = (
    "DIR/**/*.jpg (or another image format) named [age]_[gender]_[race]_[anything].jpg: age in years; gender 0 male, 1 "
    "female; race 0 white, 1 black, 2 Asian, 3 Indian, 4 other; faces aligned and cropped as in UTKFace, any size, "
    "made 64 x 64; if DIR has a subfolder named as the split, only what is in that"
)
_TABLE = (
    "DIR/<split>.csv, or the only CSV file in DIR: UTF-8, with a first line that names the columns, among them text "
    "and label; or that file itself"
)
_TEXTS = (
    "DIR/**/*.txt, UTF-8: all text files in DIR and its subfolders; if DIR has a subfolder named as the split, only "
    "what is in that"
)


KINDS = {
    "labelled images": "all of one shape",
    "labelled photographs": "RGB, of any size",
    "photographs": "RGB, of any size",
    "faces": "RGB, of one shape, each with several attributes",
    "texts": "each as it was published, such as a book",
    "labelled texts": "a sentence or a few",
    "parallel texts": "the same sentences in several languages",
}


@dataclass(frozen=True)
class Dataset:
    """What is known of a data set.

    commercial: whether its terms allow commercial use; None where they don't say. splits: `rest` and the like may be
    absent from a copy. kind: one of `KINDS`.
    layout: the folder that `load_folder` takes. files: what `prepare` reads from its source folder. labels: in the
    order of their numbers, or None. builder: "module:class" of our own TFDS builder, or None for one of TFDS's own.
    shape: (H, W, C) of all images, where it is one. outside: the label of texts that belong to none of the others, and
    have the number -1. languages: of parallel texts. attributes: of faces, each with the names of its values in the
    order of their numbers, or None where the number itself is meant. file_names: a regular expression for the names of
    files that state attributes, with a group for each.
    """

    name: str
    title: str
    summary: str
    licence: str
    commercial: bool | None
    url: str
    splits: tuple[str, ...]
    kind: str
    layout: str
    files: str
    labels: tuple[str, ...] | None = None
    shape: tuple[int, int, int] | None = None
    builder: str | None = None
    outside: str | None = None
    languages: tuple[str, ...] = ()
    attributes: dict[str, tuple[str, ...] | None] = field(default_factory=dict, hash=False)
    file_names: str | None = None

    def attributes_of(self, file: str) -> dict[str, int] | None:
        """The attributes that the name of a file states, or None where it is malformed."""
        match = re.match(self.file_names, file)
        return match and {name: int(match[name]) for name in self.attributes}


DATASETS = {
    d.name: d
    for d in (
        Dataset(
            name="mnist",
            title="MNIST",
            summary="60,000 and 10,000 handwritten digits, 28 x 28, white on black (LeCun, Cortes, Burges 1998)",
            licence="usually stated as CC BY-SA 3.0; the authors' page gave no licence text",
            commercial=None,
            url="http://yann.lecun.com/exdb/mnist/",
            splits=("train", "test"),
            kind="labelled images",
            layout="DIR/<label>/*.png or DIR/<split>/<label>/*.png (or another image format), <label> from 0 to 9; any "
            "size and colours, made 28 x 28 grey; white digits on black",
            files="a data directory in which it is prepared already; without --from, it is downloaded",
            labels=tuple("0123456789"),
            shape=(28, 28, 1),
        ),
        Dataset(
            name="cifar10",
            title="CIFAR-10",
            summary="50,000 and 10,000 colour pictures of ten kinds of things, 32 x 32 (Krizhevsky 2009)",
            licence="none stated by the authors, who ask to be cited; for research and teaching",
            commercial=None,
            url="https://www.cs.toronto.edu/~kriz/cifar.html",
            splits=("train", "test"),
            kind="labelled images",
            layout=f"{_CLASS_FOLDERS}, <label> such as airplane; made 32 x 32",
            files="a data directory in which it is prepared already; without --from, it is downloaded",
            labels=("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"),
            shape=(32, 32, 3),
        ),
        Dataset(
            name="flickr8k",
            title="Flickr8k",
            summary="8,000 photographs, mostly of people and dogs, each with five captions (Hodosh and others 2013)",
            licence="non-commercial research and education only; the photographs belong to their authors",
            commercial=False,
            url="https://doi.org/10.1613/jair.3994",
            splits=("train", "dev", "test", "rest"),
            kind="photographs",
            layout=_ANY_PHOTOGRAPHS,
            files="Flicker8k_Dataset/*.jpg and Flickr8k_text/*.txt, unpacked or in .tar archives",
            builder="zoo.data.builders.flickr8k:Flickr8k",
        ),
        Dataset(
            name="bsds500",
            title="BSDS500",
            summary="500 natural photographs of the Berkeley segmentation data set (Arbelaez and others 2011)",
            licence="non-commercial research and education only",
            commercial=False,
            url="https://doi.org/10.1109/TPAMI.2010.161",
            splits=("train", "val", "test"),
            kind="photographs",
            layout=_ANY_PHOTOGRAPHS,
            files="BSDS500/data/images/{train,val,test}/*.jpg, unpacked or in a .tar archive; test may be absent",
            builder="zoo.data.builders.bsds500:BSDS500",
        ),
        Dataset(
            name="caltech101",
            title="Caltech-101",
            summary="8,700 photographs of objects in 101 classes (Fei-Fei, Fergus, Perona 2004)",
            licence="CC BY 4.0",
            commercial=True,
            url="https://data.caltech.edu/records/mzrjq-6wc02",
            splits=("train", "test"),
            kind="labelled photographs",
            layout=_CLASS_FOLDERS,
            files="101_ObjectCategories/<class>/*.jpg and, if there, train.txt and test.txt (lines <class>/<file>; "
            "without them all is train), unpacked or in a .tar archive",
            labels=tuple(_CALTECH101.split()),
            builder="zoo.data.builders.caltech101:Caltech101",
        ),
        Dataset(
            name="intel_scenes",
            title="Intel image classification",
            summary="photographs of six kinds of scene, from buildings to street (published for a challenge in 2018)",
            licence="none stated by the publisher; for research and demonstration",
            commercial=None,
            url="https://www.kaggle.com/datasets/puneet6060/intel-image-classification",
            splits=("train", "test"),
            kind="labelled photographs",
            layout=_CLASS_FOLDERS,
            files="seg_train/<class>/*.jpg and seg_test/<class>/*.jpg, unpacked or in a .tar archive",
            labels=("buildings", "forest", "glacier", "mountain", "sea", "street"),
            builder="zoo.data.builders.intel_scenes:IntelScenes",
        ),
        Dataset(
            name="utkface",
            title="UTKFace",
            summary="some 23,000 faces; age (1 to 116), gender and ethnicity are as others perceived them, and noisy "
            "(Zhang, Song, Qi 2017)",
            licence="non-commercial research only; the photographs belong to their owners",
            commercial=False,
            url="https://susanqq.github.io/UTKFace/",
            splits=("train", "validation", "test"),
            kind="faces",
            layout=_FACES,
            files="UTKFace/[age]_[gender]_[race]_[date].jpg.chip.jpg, unpacked or in a .tar archive, 64 x 64 or the "
            "original 200 x 200; the splits are ours",
            shape=(64, 64, 3),
            builder="zoo.data.builders.utkface:UTKFace",
            attributes={
                "age": None,
                "gender": ("male", "female"),
                "ethnicity": ("white", "black", "asian", "indian", "other"),
            },
            file_names=r"(?P<age>[0-9]{1,3})_(?P<gender>[01])_(?P<ethnicity>[0-4])_",
        ),
        Dataset(
            name="tinyshakespeare",
            title="Tiny Shakespeare",
            summary="a million characters of plays by William Shakespeare (Karpathy 2015)",
            licence="public domain",
            commercial=True,
            url="https://github.com/karpathy/char-rnn",
            splits=("train", "validation"),
            kind="texts",
            layout=_TEXTS,
            files="input.txt; train is its first 1,003,854 characters, 90 % of the published file",
            builder="zoo.data.builders.tinyshakespeare:TinyShakespeare",
        ),
        Dataset(
            name="gutenberg",
            title="Books from Project Gutenberg",
            summary="English books as the NLTK has them: Austen, Chesterton, Melville, and verse",
            licence="public domain",
            commercial=True,
            url="https://www.nltk.org/nltk_data/",
            splits=("train", "validation"),
            kind="texts",
            layout=_TEXTS,
            files="<author>-<title>.txt, such as austen-emma.txt; validation is the last 5 % of each",
            builder="zoo.data.builders.gutenberg:Gutenberg",
        ),
        Dataset(
            name="topical_chat",
            title="Topical-Chat",
            summary="conversations about films, sport, music and politics (Gopalakrishnan and others 2019)",
            licence="Community Data License Agreement, Sharing, Version 1.0",
            commercial=True,
            url="https://github.com/alexa/Topical-Chat",
            splits=("valid_freq", "valid_rare", "test_freq", "test_rare"),
            kind="texts",
            layout=_TEXTS,
            files="valid_freq.json and the others named like the splits",
            builder="zoo.data.builders.topical_chat:TopicalChat",
        ),
        Dataset(
            name="multi30k",
            title="Multi30k",
            summary="30,000 descriptions of photographs in English, German, French and Czech (Elliott and others 2016)",
            licence="non-commercial research and education only",
            commercial=False,
            url="https://github.com/multi30k/dataset",
            splits=("train", "val", "test_2016_flickr"),
            kind="parallel texts",
            layout="DIR/<split>.<language> for each language, such as DIR/val.en: UTF-8, a sentence a line, line N of "
            "one a translation of line N of the others",
            files="<split>.<language>.gz, unpacked or in a .tar archive",
            builder="zoo.data.builders.multi30k:Multi30k",
            languages=("en", "de", "fr", "cs"),
        ),
        Dataset(
            name="rt_polarity",
            title="rt-polarity",
            summary="sentences of film reviews, half of them for, half against the film (Pang and Lee 2005)",
            licence="none stated by the authors, who ask to be cited; for research",
            commercial=None,
            url="https://www.cs.cornell.edu/people/pabo/movie-review-data/",
            splits=("train",),
            kind="labelled texts",
            layout=_TABLE,
            files="rt-polarity.pos and rt-polarity.neg, a sentence a line, UTF-8 or Windows-1252",
            labels=("negative", "positive"),
            builder="zoo.data.builders.rt_polarity:RtPolarity",
        ),
        Dataset(
            name="clinc150",
            title="CLINC150",
            summary="requests to an assistant: 150 intents, and others that have none of them (Larson and others 2019)",
            licence="CC BY 3.0",
            commercial=True,
            url="https://github.com/clinc/oos-eval",
            splits=("train", "val", "test", "oos_train", "oos_val", "oos_test"),
            kind="labelled texts",
            layout=_TABLE,
            files="data_full.json",
            labels=tuple(_CLINC150.split()),
            outside="oos",
            builder="zoo.data.builders.clinc150:Clinc150",
        ),
    )
}


def names() -> tuple[str, ...]:
    """Names of all data sets."""
    return tuple(DATASETS)


def dataset(name: str) -> Dataset:
    """The data set of this name; raises UnknownName."""
    if name not in DATASETS:
        raise UnknownName("data set", name, DATASETS)
    return DATASETS[name]
