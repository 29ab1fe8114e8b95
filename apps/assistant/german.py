"""Everyday German, for what a translator that has read nothing but captions of photographs can't know."""

import re

PHRASES = {
    "hello": "Hallo",
    "hi": "Hallo",
    "good morning": "Guten Morgen",
    "good day": "Guten Tag",
    "good afternoon": "Guten Tag",
    "good evening": "Guten Abend",
    "good night": "Gute Nacht",
    "goodbye": "Auf Wiedersehen",
    "bye": "Tschüss",
    "see you later": "Bis später",
    "see you tomorrow": "Bis morgen",
    "welcome": "Willkommen",
    "yes": "Ja",
    "no": "Nein",
    "maybe": "Vielleicht",
    "please": "Bitte",
    "thanks": "Danke",
    "thank you": "Danke",
    "thank you very much": "Vielen Dank",
    "you're welcome": "Gern geschehen",
    "excuse me": "Entschuldigung",
    "sorry": "Entschuldigung",
    "i'm sorry": "Es tut mir leid",
    "how are you": "Wie geht es Ihnen?",
    "i'm fine": "Mir geht es gut",
    "what is your name": "Wie heißen Sie?",
    "my name is": "Ich heiße",
    "nice to meet you": "Freut mich",
    "where are you from": "Woher kommen Sie?",
    "do you speak english": "Sprechen Sie Englisch?",
    "i don't understand": "Ich verstehe nicht",
    "i don't speak german": "Ich spreche kein Deutsch",
    "help": "Hilfe",
    "where is the station": "Wo ist der Bahnhof?",
    "where is the train station": "Wo ist der Bahnhof?",
    "where is the bathroom": "Wo ist die Toilette?",
    "where is the toilet": "Wo ist die Toilette?",
    "how much is it": "Wie viel kostet das?",
    "how much does it cost": "Wie viel kostet das?",
    "the bill please": "Die Rechnung, bitte",
    "a beer please": "Ein Bier, bitte",
    "cheers": "Prost",
    "what time is it": "Wie spät ist es?",
    "happy birthday": "Alles Gute zum Geburtstag",
    "merry christmas": "Frohe Weihnachten",
    "happy new year": "Ein gutes neues Jahr",
    "good luck": "Viel Glück",
    "bon appetit": "Guten Appetit",
    "enjoy your meal": "Guten Appetit",
    "get well soon": "Gute Besserung",
    "i love you": "Ich liebe dich",
}
_SHORT = {"what's": "what is", "where's": "where is", "i am": "i'm", "you are": "you're", "do not": "don't"}


def phrase(text: str) -> str | None:
    """An everyday phrase in German, None for other texts."""
    low = " ".join(re.sub(r"[^a-z' ]", " ", text.lower()).split())
    for long, short in _SHORT.items():
        low = low.replace(long, short)
    return PHRASES.get(low)
