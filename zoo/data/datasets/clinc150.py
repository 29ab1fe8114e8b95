"""CLINC150: short English requests as people would make them to an assistant (Larson and others 2019).

Splits of the full data set. The label is -1 for what has none of the 150 intents.
"""

import json

from zoo.data.dataset import Dataset, Label, Text
from zoo.data.layouts import Table
from zoo.data.source import Source
from zoo.errors import BadInput

SPLITS = ("train", "val", "test", "oos_train", "oos_val", "oos_test")
_NAMES = """
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
LABEL = Label(tuple(_NAMES.split()), outside="oos")


def examples(source: Source):
    path = source.one("data_full.json")
    try:
        content = json.loads(source.read(path))
        splits = {split: [(text, LABEL.numbers[intent]) for text, intent in content[split]] for split in SPLITS}
    except (ValueError, KeyError, TypeError) as error:
        raise BadInput(f"{source.folder}: {path} is not CLINC150's data_full.json ({error!r})") from None
    return {split: _requests(requests) for split, requests in splits.items()}


def _requests(requests):
    for number, (text, label) in enumerate(requests):
        yield number, {"text": text, "label": label}


DATASET = Dataset(
    name="clinc150",
    title="CLINC150",
    summary="requests to an assistant: 150 intents, and others that have none of them (Larson and others 2019)",
    licence="CC BY 3.0",
    commercial=True,
    url="https://github.com/clinc/oos-eval",
    splits=SPLITS,
    fields={"text": Text(), "label": LABEL},
    inputs=("text",),
    targets=("label",),
    layout=Table(),
    files="data_full.json",
    examples=examples,
    citation="""@inproceedings{larson2019evaluation,
  author = {Stefan Larson and others},
  title = {An Evaluation Dataset for Intent Classification and Out-of-Scope Prediction},
  booktitle = {Proceedings of EMNLP-IJCNLP}, pages = {1311--1316}, year = {2019}}""",
)
