"""Spelling and translation. The translators come with the turn; this module finds out what to translate."""

import difflib
import itertools
import re

from zoo.errors import ZooError

from .turn import Answer, Question, Skill, Turn

# Words that people type wrongly; others are spelt as they were typed.
_HARD = """
    absence accessible accidentally accommodate accommodation achieve acknowledge acquaintance acquire acquit
    address amateur apparent appearance argument athlete awful beautiful beginning believe bicycle bizarre
    broccoli bureau business calendar camouflage category cemetery changeable chauffeur chief colleague column
    commitment committee conceive connoisseur conscience conscientious conscious consensus convenience criticism
    curiosity deceive definitely deliberate desperate diarrhea dilemma disappear disappoint discipline dumbbell
    ecstasy eighth embarrass embarrassment environment equipment exaggerate exceed excellent existence experience
    familiar february fiery foreign fluorescent fulfil gauge genius government grammar grateful guarantee guard
    handkerchief harass height hierarchy humorous hygiene hypocrisy immediately independent indispensable
    inoculate intelligence interrupt irresistible island jealous jewelry judgment knowledge leisure liaison
    library license lightning lieutenant maintenance maneuver marriage medieval memento millennium miniature
    minuscule miscellaneous mischievous misspell mortgage neighbor necessary niece ninety noticeable nuisance
    occasion occasionally occurred occurrence omission opportunity parallel parliament pastime perseverance
    personnel phenomenon pharaoh playwright possession precede privilege pronunciation psychology publicly
    questionnaire queue raspberry receipt receive recommend referred relevant religious reminiscent rendezvous
    restaurant rhyme rhythm ridiculous sandwich schedule scissors secretary seize separate sergeant sincerely
    soldier souvenir successful supersede surprise suspicious symphony temperature threshold tomorrow tongue
    twelfth tyranny unanimous until vacuum vegetable vicious villain weather wednesday weird wholly yacht zucchini
"""
_HARD = frozenset(_HARD.split())
# Words that nearly are one of those, and right as they are; so are other endings of the same word.
_RIGHT = """
    archive auspicious carriage chef college commission deferred disciple eight emission feather fulfill genus heather
    holly inquire jewellery judgement lawful leather liberate licence lightening manoeuvre mediaeval mission morrow
    neighbour neighbours nice parent preferred recede relieve require size viscous whether zealous
"""
_RIGHT = frozenset(_RIGHT.split())
_ENDINGS = {"s", "es", "d", "ed", "r", "er", "rs", "ers", "ly", "ily", "y", "ing", "ism", "ment", "ce", "t", "able"}
_SPELL = [
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        r"\bspell.*['\"](?P<word>[^'\"]+)['\"]",
        r"\bhow (?:is|are|would|do|does|should) (?:the word )?(?P<word>[\w' -]+?) (?:be )?(?:spelled|spelt)\b",
        r"(?P<word>[\w'-]+) is (?:spelled|spelt) how",
        r"\b(?:spell(?:ed|ing)?|spelt)\b(?: out| me| for me)?(?: (?:of|for|to))?(?: the)?(?: "
        r"words?)?[ :,]+(?P<word>[\w' -]+)",
    )
]
_END = re.compile(r"(?:[ ,]*\b(?:please|for me|correctly|exactly|right|again|once more))*[ .?!]*$", re.IGNORECASE)

LANGUAGES = """
    afrikaans albanian arabic armenian basque bengali bulgarian cantonese catalan chinese croatian czech danish
    dutch english esperanto estonian farsi finnish french gaelic german greek hawaiian hebrew hindi hungarian
    icelandic indonesian irish italian japanese klingon korean latin latvian lithuanian malay mandarin maori
    mongolian navajo norwegian persian polish portuguese punjabi romanian russian serbian slovak slovenian somali
    spanish swahili swedish tagalog tamil thai turkish ukrainian urdu vietnamese welsh yiddish zulu
"""
LANGUAGES = frozenset(LANGUAGES.split())
_SPOKEN_IN = {
    "france": "french", "germany": "german", "austria": "german", "spain": "spanish", "mexico": "spanish",
    "chile": "spanish", "argentina": "spanish", "italy": "italian", "russia": "russian", "china": "chinese",
    "japan": "japanese", "brazil": "portuguese", "portugal": "portuguese", "greece": "greek", "poland": "polish",
    "holland": "dutch", "sweden": "swedish", "turkey": "turkish", "korea": "korean", "hawaii": "hawaiian",
}  # fmt: skip
_NO_PHRASE = re.compile(
    r"^(?:(?:this|that|it|something|anything|things|stuff|me|him|her)|(?:an?|this|the|some|these|my) "
    r"(?:sentences?|phrases?|words?|texts?|name|thing|line|message|things|expression)s?)$",
    re.IGNORECASE,
)
_SAY = r"(?:how (?:do|does|would|can|could|should|might) (?:i|you|we|one|people|they)|how to|i want to|i'd like to|to)"
_PHRASES = [
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        r"(?:^|[ :,(])['\"](?P<phrase>.+)['\"](?:$|[ .?!,])",
        r"\bhow (?:is|would) (?P<phrase>.+?) (?:said|be said|written|expressed)\b",
        rf"\b{_SAY} (?:say|write|ask for|ask)[,:]? (?P<phrase>.+)$",
        r"\btranslate:? (?:for me )?(?:the (?:word|phrase|sentence) )?(?P<phrase>.+)$",
        r"\b(?:say|write)[,:]? (?P<phrase>.+)$",
        r"\b(?:word|phrase|expression|equivalent|translation)s? (?:for|of) (?P<phrase>.+)$",
        r"^(?:what(?:'s| is| are)|give me|tell me) (?:for )?(?P<phrase>.+)$",
    )
]


# Spelling


def read_word(turn: Turn) -> dict:
    """{"word": str}: one word, or a few, to be spelt."""
    if turn.following == "bare":
        return {}
    if turn.requested or turn.following:
        found = turn.text
    else:
        match = next(filter(None, (pattern.search(turn.text) for pattern in _SPELL)), None)
        found = match["word"] if match else ""
    found = _END.sub("", found).strip(" .?!'\"")
    if found.lower() in ("it", "that", "this", "that word", "this word"):
        found = turn.context.get("word", "")
    return {"word": found} if found and len(found.split()) <= 4 and re.search(r"[^\W\d_]", found) else {}


def spell(turn: Turn, slots: dict) -> Answer:
    if "word" not in slots:
        return Answer("Which word shall I spell?", question=Question("word", {}))
    word = slots["word"]
    near = [] if word.lower() in _RIGHT else difflib.get_close_matches(word.lower(), _HARD, n=1, cutoff=0.84)
    near = [] if near and _same_stem(word.lower(), near[0]) else near
    letters = "  ".join("-".join(each.upper()) for each in (near[0] if near else word).split())
    mended = near and near[0] != word.lower()
    line = f"{near[0]}: {letters}. Not quite as you typed it." if mended else f"{letters}."
    if not near:
        line += turn.voice.once("(I spell it as you typed it: I have a list of tricky words, not a dictionary.)")
    return Answer(line, ("spell",), slots)


def _same_stem(word: str, hard: str) -> bool:
    """Whether two words differ in an ending that both may have: "soldiers", "excellence"."""
    stem = sum(1 for _ in itertools.takewhile(lambda pair: pair[0] == pair[1], zip(word, hard, strict=False)))
    ending, other = word[stem:], hard[stem:]
    return (ending in _ENDINGS and other in {"", "e"} | _ENDINGS) or (not ending and other in ("ly", "ment", "ism"))


# Translation


def read_phrase(turn: Turn) -> dict:
    """{"phrase": str, "language": str}, as far as they are there."""
    if turn.requested == "phrase":
        return {"phrase": turn.text.strip("'\"")}
    language, rest = _language(turn)
    slots = {"language": language} if language else {}
    if turn.following or turn.requested:
        phrase = rest if turn.following == "and" else ""
    else:
        match = next(filter(None, (pattern.search(rest) for pattern in _PHRASES)), None)
        phrase = match["phrase"] if match else ""
    phrase = re.sub(r"(?: for me)?(?:,? please)?[ ?.!,]*$", "", phrase.strip(), flags=re.IGNORECASE).strip(" '\"")
    if phrase and not _NO_PHRASE.match(phrase):
        slots["phrase"] = phrase
    return slots


def translate(turn: Turn, slots: dict) -> Answer:
    names = [name.capitalize() for name in turn.translators]
    if not names:
        return Answer("I can't translate: no translator came with me today.")
    language = slots.get("language")
    if language and language not in turn.translators:
        context = {"phrase": slots["phrase"]} if "phrase" in slots else {}
        return Answer(f"I can't translate into {language.capitalize()}. I have {_listed(names)}.", context=context)
    if "phrase" not in slots:
        return Answer("What shall I translate?", question=Question("phrase", slots))
    if not language:
        return Answer(f"Into which language? I have {_listed(names)}.", question=Question("language", slots))
    try:
        said = turn.translators[language](slots["phrase"])
    except ZooError as error:
        return Answer(f"The translator can't do that: {error}", context=slots)
    return Answer(f"In {language.capitalize()}: {said}", ("translate",), slots)


def _language(turn: Turn) -> tuple[str | None, str]:
    """The language that a text is to be translated into, and the text without it.

    Of several it is the one right after "translate" or "say", else the last: "i live in france in german". What is
    quoted names none.
    """
    known = sorted(LANGUAGES | set(turn.translators) | set(_SPOKEN_IN), key=len, reverse=True)
    names = "|".join(map(re.escape, known))
    quoted = re.search(r"(?:^|[ :,(])['\"].+['\"](?=$|[ .?!,])", turn.text)
    masked = turn.text
    if quoted:
        masked = turn.text[: quoted.start()] + "#" * len(quoted[0]) + turn.text[quoted.end() :]
    patterns = [
        rf"[ ,:]*\b(?:from english )?(?:in|into|to|using) (?:the )?(?P<name>{names})(?: language)?"
        r"(?: from english)?\b[ ,:]*",
        rf"\bif (?:i|you) (?:were|was) (?:an? )?(?P<name>{names})\b[ ,]*",
        rf"\b(?P<name>{names})(?= (?:word|phrase|expression|equivalent|translation|for)\b)",
        rf"^(?P<name>{names})\W*$",
    ]
    if re.search(r"\b(?:say|translate)\b", turn.low):  # a language nobody has heard of
        patterns.append(r" (?:in|into|to) (?P<name>[a-z]{4,})\W*$")
    for pattern in patterns:
        if found := list(re.finditer(pattern, masked, re.IGNORECASE)):
            leads = re.search(r"(?:^|\b(?:translate|say|write)(?: for me)?)$", turn.text[: found[0].start()], re.I)
            match = found[0] if leads else found[-1]
            name = match["name"].lower()
            return _SPOKEN_IN.get(name, name), f"{turn.text[: match.start()]} {turn.text[match.end() :]}".strip()
    return None, turn.text


def _listed(names: list[str]) -> str:
    return " and ".join(filter(None, (", ".join(names[:-1]), names[-1])))


SKILLS = {
    "spell": Skill(read_word, spell),
    "translate": Skill(read_phrase, translate, follow_up=rf"(?:in|into) (?:{'|'.join(sorted(LANGUAGES))})(?=\W*$)"),
}
