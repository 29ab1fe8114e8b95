"""The entry `data` of a card: the data sets that a model was trained on."""

from zoo.data import catalogue


def data_facts(names, split: str) -> dict:
    """Name, licence and terms of data sets of the catalogue, of the first of which `split` is a split.

    Commercial use is allowed where every data set allows it, unknown (None) where one is silent.
    """
    datasets = [catalogue.dataset(name) for name in names]
    allowed = {dataset.commercial for dataset in datasets}
    return {
        "name": datasets[0].name,
        "also": [dataset.name for dataset in datasets[1:]],
        "url": datasets[0].url,
        "split": split,
        "licence": "; ".join(f"{dataset.name}: {dataset.licence}" for dataset in datasets),
        "commercial_use": False if False in allowed else None if None in allowed else True,
    }
