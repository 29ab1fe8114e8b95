"""Jokes and facts, all written for this assistant."""

from .turn import Answer, Skill, Turn

JOKES = (
    "My last three timers all had the same complaint: people only listen to them when it's over.",
    "A neural network walks into a bar. The barman says: the usual? It says: that's all I ever learned.",
    "I asked a random number for its opinion. It said seven. It always says seven, that's how I know it isn't random.",
    "Two overfitted models meet. They have nothing to say to each other, but they say it word for word.",
    "Why did the thermometer fail its exams? It only ever had degrees that somebody else had earned.",
    "I told my gradient to take it slowly. It took a step of a billionth and called it a day.",
    "A to-do list and a diet meet at the new year. By February neither recognises the other.",
    "What does a data base order in a restaurant? A table.",
    "The shortest horror story for a spelling assistant: their going too there house.",
    "How many programmers does it take to find the light switch? None, they say it works on their machine.",
    "My memory is excellent. It's a file. If you lose it, that's your memory we should talk about.",
    "A coin went to therapy. It always saw two sides and never landed anywhere.",
    "I wanted to be a philosopher, but I was told to get to the point within a hundred milliseconds.",
    "An alarm clock applied for a job. Under weaknesses it wrote: nobody is ever glad to hear from me.",
    "Why do dice never get invited twice? You never know what they will come up with.",
    "The translator and the poet went for a walk. Only one of them came back with everything he had left with.",
    "What did one layer say to the next? I'd explain, but you only look at what you are given.",
    "I know a joke about recursion, which begins with a joke about recursion.",
)  # fmt: skip
FACTS = (
    "A day on Venus, from one sunrise to the next, is shorter than the time Venus takes to turn once.",
    "Octopuses have three hearts. Two of them are for the gills alone.",
    "The perceptron of 1958 was introduced to the press as something that would soon walk and talk. It told "
    "left from right.",
    "A sheet of paper folded 42 times would reach beyond the Moon. The difficulty is the eighth fold.",
    "In a room of 23 people, it's more likely than not that two share a birthday.",
    "Bananas are berries, to a botanist. Strawberries aren't.",
    "Honey keeps for thousands of years, if it's kept dry. Most of us don't get to check.",
    "Light from the Sun takes a bit more than eight minutes to arrive. Complaints would take as long.",
    "There are more ways to shuffle a pack of cards than there are atoms on Earth.",
    "Sharks are older than trees, by some fifty million years.",
    "The number 40 is the only one in English whose letters stand in alphabetical order: forty.",
    "Wombats make droppings in the shape of cubes. Nobody had asked them to.",
)  # fmt: skip


def read_nothing(turn: Turn) -> dict:
    return {}


def tell_joke(turn: Turn, slots: dict) -> Answer:
    return Answer(turn.voice.pick(JOKES), ("joke",), {})


def tell_fact(turn: Turn, slots: dict) -> Answer:
    return Answer(turn.voice.pick(FACTS), ("fact",), {})


SKILLS = {"joke": Skill(read_nothing, tell_joke, again=True), "fact": Skill(read_nothing, tell_fact, again=True)}
