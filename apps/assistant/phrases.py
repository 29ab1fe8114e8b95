"""Lines that the dialogue knows by their words: again, and in German?, never mind, yes, did you do it?"""

import re

AGAIN = re.compile(
    r"^(?:(?:and|ok|okay|please|now)[ ,]+)*"
    r"(?:again|once (?:more|again)|another(?: one)?|(?:one )?more(?: time)?|next(?: one)?|"
    r"(?:do|flip|roll|toss|throw|tell|give)(?: it| that| them| me)* "
    r"(?:again|another(?: one)?|one more(?: time)?|once more))(?: please)?[ .!?]*$",
    re.IGNORECASE,
)
# What is no part of a fragment, and what begins one.
SOFT = re.compile(
    r"^(?:(?:ok|okay|so|then|but|no|well|actually|hm+|please|oh|sorry|ha(?:ha)+|lol|wow|great|nice|cool)\b[ ,!.]*)+",
    re.IGNORECASE,
)
AND = re.compile(
    r"^(?:(?:and|also|or|what about|how about|what of|same (?:for|with|in)|try|now|make (?:it|that)|"
    r"(?:change|set|move|push|postpone) (?:it|that|this) to|let'?s make (?:it|that))\b[ ,]*)+(?=\w|['\"])",
    re.IGNORECASE,
)
# What is said before the request itself.
POLITE = re.compile(
    r"^(?:(?:good (?:morning|day|afternoon|evening)|"
    r"please|hey|hi|hello|ok|okay|so|then|now|and|also|well|can you|could you|would you|will you|kindly|just|"
    r"i want you to|i need you to|i'd like you to|go ahead and|help me(?: to)?)\b[ ,]*)+",
    re.IGNORECASE,
)
# How requests of their own begin.
REQUEST = re.compile(
    r"^(?:what|who|when|where|why|how|which|can|could|would|will|should|do|does|did|is|are|am|tell|show|give|"
    r"remind|set|play|book|call|order|turn|send|find|let)\b",
    re.IGNORECASE,
)
IT = re.compile(r"\b(?:it|that|this|those|them)\b", re.IGNORECASE)
EVERY = re.compile(r"\b(?:all|every|everything|both)\b", re.IGNORECASE)
UNDO = re.compile(
    r"^(?:cancel|stop|delete|remove|undo|scrap|drop|clear) (?:it|that|this|them)(?: one| again)?[ .!?]*$", re.IGNORECASE
)
# A line that only greets, or says goodbye, whatever the classifier makes of it.
_DAY = r"(?:morning|day|afternoon|evening)"
_SPOKEN_TO = r"(?:[ ,]+(?:to you|too|again|there|all|everyone|everybody|sir|madam|friend|assistant|my friend|dear))*"
GREETING = re.compile(
    rf"^(?:(?:oh|well|why|and)[ ,]+)*(?:(?:hello|hi|hey)[ ,]+)?(?:a )?(?:very )?"
    rf"(?:(?:good|lovely|happy) {_DAY}|morning|afternoon|evening|hello|hi|hey|hiya|howdy|greetings|welcome back|"
    rf"(?:it'?s )?(?:good|nice|great|lovely) to see you){_SPOKEN_TO}[ .!]*$",
    re.IGNORECASE,
)
# A greeting with something after it: "good afternoon, what's the time?"
GREETED = re.compile(
    rf"^(?:(?:oh|well)[ ,]+)*(?:(?:good {_DAY}|morning|afternoon|evening|hello|hi|hey|hiya|howdy|greetings)"
    rf"{_SPOKEN_TO}[ ,.!]+)+(?:(?:how are you(?: doing)?|how'?s it going)(?: today)?[ ,.?!]+(?!today\b))?(?=\w)",
    re.IGNORECASE,
)
FAREWELL = re.compile(
    r"\b(?:(?:good[ -]?|bye[ -]?|buh)?byes?|farewell|good ?night|night night|adios|sayonara|ciao|cheerio|"
    r"so long|ta ?ta|cya|"
    r"(?:see|catch) (?:you|ya|u)(?: all)? (?:\w+ )?(?:later|soon|around|tomorrow|then|next|in|on|when)|"
    r"(?:talk|speak|chat)(?: to you)? (?:later|soon)|until (?:next time|later|then)|take care|peace out|"
    r"have an? (?:\w+ )?(?:good|great|nice|lovely|wonderful|pleasant) "
    r"(?:one|day|morning|afternoon|evening|night|weekend|time))"
    r"|^(?:see (?:you|ya)|later)\W*$",
    re.IGNORECASE,
)
# What the skills read where a line refers to what was just talked about, see `references`.
CANCEL_IT, DONE_WITH_IT, ADD_IT = "cancel it", "mark it as done", "add it"
WHEN_IT, LEFT_ON_IT = "when is it", "how long is left on it"
# A request not to do something; "don't let me forget" is none, nor "don't call me Bill, call me Bob".
NOT = re.compile(
    r"^(?:don'?t|do not|never)\b(?! (?:let me )?forget\b)"
    r"(?!.*(?:[-,;.] ?|\bbut |\binstead )(?:call|name|set|make|add|put|wake|remind|use)\b)",
    re.IGNORECASE,
)
STOP = re.compile(
    r"^(?:(?:oh|no|ok|okay|actually|please|well)[ ,]+)*"
    r"(?:cancel|never ?mind|forget (?:it|that|about it)|stop|nothing|no|nope|nah|no thanks|no thank you|skip it|"
    r"drop it|leave it|don'?t(?: bother)?|quit|abort)"
    r"(?:[ ,]+(?:it|that|this|please|thanks))*[ .!]*$",
    re.IGNORECASE,
)
_AGREED = (
    r"(?:yes|yeah|yep|yup|y|sure|ok(?:ay)?|all ?right|right|correct|of course|certainly|definitely|absolutely|"
    r"please do|please|do it|do that|do so|go ahead|go on|confirm(?:ed)?|by all means|i am|i'm sure|thanks)"
)
AGREED = re.compile(rf"^{_AGREED}(?:[ ,.!]+{_AGREED})*[ .!]*$", re.IGNORECASE)  # and no other words
_YES = rf"(?:{_AGREED}|(?:clear|delete|cancel) (?:it|them|all|everything))"
YES = re.compile(rf"^{_YES}(?:[ ,.!]+{_YES})*[ .!]*$", re.IGNORECASE)
NO = re.compile(r"^(?:no|nope|nah|n|don'?t|do not|never|keep|stop|wait|cancel|leave|hold on|not)\b", re.IGNORECASE)
# A request that its own end takes back: "..., never mind".
TAKEN_BACK = re.compile(
    r"(?:[,.;]|\b(?:no|wait|actually|sorry|oh))[ ,]+(?:never ?mind|forget (?:it|that|about it)|scratch that|don'?t|"
    r"cancel (?:it|that))[ .!]*$",
    re.IGNORECASE,
)
# Between what was said by mistake and what is meant: "5 minutes no wait 10 minutes".
CORRECTION = re.compile(
    r"[ ,.;-]*\b(?:(?:no|wait|sorry|actually|rather|or rather|i mean|i meant|make (?:it|that)|scratch that|correction|"
    r"oops|hold on)\b[ ,.;!-]*)+",
    re.IGNORECASE,
)
_SPAN = r"(?:second|minute|min|hour|day)s?"
# One more of a kind, not more of the same: "another one for 3 minutes", but not "another 3 minutes".
ANOTHER = re.compile(
    rf"\b(?:another|a second|one more) (?:one\b(?! {_SPAN})|(?:for|at) (?!the |my |it\b)|"
    rf"(?:[\w.]+[ -]{_SPAN} )?(?:\w+ )?(?:timers?|alarms?|reminders?)\b)",
    re.IGNORECASE,
)
# To do away with all but some: "cancel all timers except tea".
ALL_BUT = re.compile(
    r"^(?P<all>(?:cancel|stop|delete|remove|clear|erase|turn off|switch off|get rid of|end|kill|drop|scrap|take)\b.*?"
    r"\b(?:all|every|everything|each|both|timers|alarms|reminders)\b.*?|"
    r"(?:clear|empty|wipe|erase|reset)\b.*?\blists?),? "
    r"(?:except(?: for)?|but(?: not| keep| leave)?|apart from|aside from|other than|besides|excluding) (?P<spared>.+)$",
    re.IGNORECASE,
)
DID_YOU = re.compile(
    r"^(?:(?:so|and|but|wait|ok|okay)[ ,]+)*(?:did|have) you (?:(?:really|actually|already|just|even) )*"
    r"(?:do|done|book(?:ed)?|sen[dt]|call(?:ed)?|set|add(?:ed)?|order(?:ed)?|pa(?:y|id)|ma[dk]e|finish(?:ed)?|"
    r"transfer(?:red)?|deleted?|clear(?:ed)?|cancel(?:l?ed)?|stop(?:ped)?|start(?:ed)?|remind(?:ed)?|removed?|"
    r"changed?|saved?|text(?:ed)?|reserved?|buy|bought|turn(?:ed)?|writ(?:e|ten))\b(?: \w+){0,3}\W*$",
    re.IGNORECASE,
)
# Not a thing to be clever about, whatever the classifier makes of it.
DISTRESS = re.compile(
    r"\b(?:kill(?:ing)?|hurt(?:ing)?|harm(?:ing)?|cut(?:ting)?) my ?self\b|\b(?:want|going|like) to die\b|\bsuicid|"
    r"\bend(?:ing)? my (?:own )?life\b|\bdon'?t want to (?:live|be alive)\b",
    re.IGNORECASE,
)
