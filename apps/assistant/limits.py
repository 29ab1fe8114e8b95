"""Intents that need the outside world: for each, what the assistant cannot do, and what may help."""

from .turn import Answer, Turn

OPENERS = ("I can't {}.", "Sorry, I can't {}.", "I'm afraid I can't {}.")
# For matters in which nobody wants to be teased: the plain opener only.
SERIOUS = {
    "report_fraud",
    "report_lost_card",
    "freeze_account",
    "account_blocked",
    "travel_alert",
    "vaccines",
    "damaged_card",
}

# Intent -> what follows "I can't", and a sentence of help.
LIMITS = {
    # banking
    "freeze_account": ("freeze an account", "Your bank can, at once: the number is on the back of your card."),
    "routing": ("look up routing numbers", "Yours is at the bottom left of a cheque, or in your bank's app."),
    "pin_change": ("change a PIN", "A cash machine of your bank can. And please don't tell me the new one."),
    "bill_due": ("see your bills", "Once you know the date, I can remind you of it."),
    "pay_bill": ("pay anything, I have no pockets", "I can put it on your to-do list."),
    "account_blocked": ("see your account, nor why it is blocked", "Your bank will know: call them."),
    "interest_rate": ("look up interest rates", "Your bank has yours in writing."),
    "min_payment": ("see what the least payment is", "It stands on your last statement."),
    "bill_balance": ("see what you owe", "Whoever wants the money rarely keeps it a secret."),
    "transfer": ("move money", "Your bank's app can. I can remind you to do it."),
    "order_checks": ("order cheques", "Your bank does that, and may ask whether it is still 1995."),
    "balance": ("see your accounts", "Your bank's app can, and it has better manners about bad news."),
    "spending_history": ("see what you spent", "Your statements can, unkindly. I can add up the numbers."),
    "transactions": ("see your transactions", "Your bank's app lists them."),
    "report_fraud": ("report fraud for you", "Call your bank right away, by the number on the back of the card."),
    # credit cards
    "replacement_card_duration": ("say when a new card comes", "A week or so is usual; the bank that sends it knows."),
    "expiration_date": ("see your card", "The date is on its front, in very small figures."),
    "damaged_card": ("order a new card", "Tell your bank that it is damaged; they send another."),
    "improve_credit_score": ("advise you on credit", "Paying on time is said to work. I can remind you to."),
    "report_lost_card": ("report a card as lost", "Call your bank right away, they block it at any hour."),
    "card_declined": ("see why your card was declined", "Your bank can. The cashier can't either, by the way."),
    "credit_limit_change": ("change a credit limit", "The bank that gave you the card can."),
    "apr": ("look up your card's rate", "It stands in the contract, where nobody looks."),
    "redeem_rewards": ("redeem points", "The site of your card does that."),
    "credit_limit": ("see your credit limit", "Your card's app or statement shows it."),
    "rewards_balance": ("see your points", "They are in your card's app."),
    "application_status": ("see how your application is doing", "The bank that has it can."),
    "credit_score": ("look up your credit score", "Your bank or a credit bureau can."),
    "new_card": ("apply for a card", "Banks are very glad to help with that one."),
    "international_fees": ("look up a card's fees", "They are in its list of prices."),
    # kitchen and dining
    "food_last": ("judge your food from in here", "The label and your nose know more. When both are in doubt, "
                                                  "throw it away."),
    "confirm_reservation": ("check reservations", "The restaurant can. I'd ring them."),
    "how_busy": ("see how long the queue is", "The restaurant can tell you on the phone."),
    "ingredients_list": ("look up recipes", "Once you know what goes in, I keep the shopping list."),
    "calories": ("look up calories", "The packet lists them, in small print for good reasons."),
    "nutrition_info": ("look up what is in food", "The packet lists it."),
    "recipe": ("look up recipes", "Cookbooks can. I do timers and cups into grams of patience."),
    "restaurant_reviews": ("read reviews", "I couldn't taste the difference anyway."),
    "restaurant_reservation": ("book a table", "I can remind you to ring the restaurant."),
    "meal_suggestion": ("cook up ideas for dinner", "I have never eaten. Ask somebody with a stomach."),
    "restaurant_suggestion": ("see which restaurants there are", "I have never been to one. A map has."),
    "cancel_reservation": ("cancel reservations", "The restaurant can, if you ring them. I can remind you to."),
    "ingredient_substitution": ("say what replaces what in a recipe", "I don't want your cake on my conscience."),
    "cook_time": ("look up cooking times", "Tell me how long, and I set the timer."),
    "accept_reservations": ("find out whether they take reservations", "They do know it themselves, on the phone."),
    # home
    "what_song": ("hear music", "I have no ears. Try humming it to a person."),
    "play_music": ("play music", "I'd hum, but I have no voice either."),
    "calendar_update": ("reach your calendar", "Reminders of my own I can keep: say what, and when."),
    "order_status": ("see your order", "The shop's mail to you has a number for that."),
    "update_playlist": ("reach your playlists", "The song would feel lonely on a to-do list."),
    "calendar": ("see your calendar", "My own reminders and lists I can read to you."),
    "next_song": ("skip songs, since I play none", "Blissful silence is already on."),
    "order": ("order anything", "It could go on your shopping list, though."),
    "smart_home": ("reach the things in your house", "The switch is still where it was, alas."),
    # auto and commute
    "current_location": ("see where you are", "I am in your computer, if that narrows it down."),
    "oil_change_when": ("see your car", "The manual says how often. I can remind you."),
    "oil_change_how": ("explain how to change oil", "Your car's manual can, with pictures."),
    "uber": ("call a car", "I can remind you when to leave, which is half of it."),
    "traffic": ("see the traffic", "A map with live traffic can. Leaving early helps as well."),
    "tire_pressure": ("feel your tires", "A gauge at the filling station can."),
    "schedule_maintenance": ("make appointments", "I can remind you to ring the garage."),
    "gas": ("see your tank", "There is a needle on the dashboard for that."),
    "mpg": ("see your car", "Give me miles and gallons, and I divide."),
    "distance": ("measure ways, I have no map", "Once you know the miles, I turn them into kilometers."),
    "directions": ("find the way, I have no map", "I'd only send you in circles."),
    "last_maintenance": ("see when your car was serviced", "The service book can."),
    "gas_type": ("say what your car drinks", "It is written inside the filler cap."),
    "tire_change": ("see your tires, nor change them", "The manual shows how, and a garage does it."),
    "jump_start": ("help with a dead battery", "The manual says which cable goes where, and the order matters."),
    # travel
    "plug_type": ("look up plugs", "An adapter for the whole world costs less than guessing."),
    "travel_notification": ("tell your bank that you travel", "I can remind you to."),
    "flight_status": ("see flights", "The airline's site can."),
    "international_visa": ("say whether you need a visa", "That country's embassy can, and only their answer counts."),
    "exchange_rate": ("see today's exchange rates", "Give me a rate, and I multiply."),
    "travel_suggestion": ("recommend sights", "I don't get out much."),
    "travel_alert": ("see travel warnings", "Your foreign office publishes them."),
    "vaccines": ("advise on vaccinations", "A doctor or a travel clinic can."),
    "lost_luggage": ("look for luggage", "The airline's desk does that; they will want the tag's number."),
    "book_flight": ("book flights", "I can remind you to, and count the days until you leave."),
    "book_hotel": ("book hotels", "I can put it on your to-do list."),
    "carry_on": ("look up what an airline lets you carry", "Their site has the sizes, and I turn inches into "
                                                           "centimeters."),
    "car_rental": ("rent cars", "I can put it on your to-do list."),
    # utility
    "weather": ("see the weather", "There may be a window near you: an excellent device."),
    "find_phone": ("find your phone", "Somebody else could ring it. Try the sofa first."),
    "share_location": ("send anybody your location", "I don't know it, and I know nobody."),
    "make_call": ("make calls", "I can remind you to."),
    "definition": ("look words up, I have no dictionary", "I can spell it for you."),
    "text": ("send messages", "I can remind you to, and spell the hard words."),
    # work
    "pto_request_status": ("see whether your leave was granted", "Whoever has to sign it knows."),
    "next_holiday": ("say which holidays you get", "Give me its date, and I count the days."),
    "insurance_change": ("change an insurance", "Your insurer can. I can remind you to ask."),
    "insurance": ("see what your insurance covers", "The policy says so, at length."),
    "meeting_schedule": ("see your meetings", "What you told me as a reminder, that I know."),
    "payday": ("see when you are paid", "Never soon enough, I hear. Your employer knows the day."),
    "taxes": ("work out your taxes", "Percentages I can do. The law I leave to others."),
    "income": ("see what you earn", "It stands on your payslip."),
    "rollover_401k": ("move a pension plan", "The company that keeps it can explain how."),
    "pto_balance": ("see your days off", "Your employer counts them, you may be sure."),
    "pto_request": ("ask for leave on your behalf", "I'd say you deserve it, but nobody asked me."),
    "w2": ("find your tax forms", "Your employer sends the W-2 by the end of January."),
    "schedule_meeting": ("arrange meetings or book rooms", "A reminder of one I can keep."),
    "direct_deposit": ("set up a direct deposit", "The people who pay your wages can, with your account's number."),
    "pto_used": ("see your days off", "Your employer keeps that list."),
    # the assistant itself
    "change_speed": ("speak slower or faster, I only write", "You may read me at any speed you like."),
    "whisper_mode": ("whisper, nor speak at all", "This is as quiet as letters get."),
    "change_volume": ("change a volume, I make no sound", "I could write in capitals, but let's not."),
    "change_language": ("hold a conversation in any language but English", "Single sentences I may be able to "
                                                                           "translate."),
    "change_accent": ("change an accent that I don't have", "Do imagine whichever you like best."),
    "sync_device": ("connect to other devices", "I live in one file on this one."),
}  # fmt: skip


def decline(turn: Turn) -> Answer:
    """Say plainly that this can't be done, and what may help."""
    intent = turn.understanding.intent
    what, tip = LIMITS[intent]
    opener = OPENERS[0] if intent in SERIOUS else turn.voice.pick(OPENERS)
    return Answer(f"{opener.format(what)} {tip}")
