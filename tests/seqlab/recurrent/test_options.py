"""The options that models hand on to the recurrence are those it has."""

import inspect

import pytest

from seqlab.models.classifier import RecurrentClassifier
from seqlab.recurrent.options import RecurrenceOptions
from seqlab.recurrent.stack import Recurrent


def test_every_option_is_handed_on():
    signature = inspect.signature(Recurrent).parameters.values()
    by_name = {option.name for option in signature if option.kind is inspect.Parameter.KEYWORD_ONLY}
    assert by_name - {"check_finite"} == set(RecurrenceOptions.__annotations__)


def test_a_misspelt_option_is_refused():
    with pytest.raises(TypeError, match="zone_out"):
        RecurrentClassifier([(5, 3)], [0], 2, zone_out=0.1)


def test_an_option_arrives():
    assert RecurrentClassifier([(5, 3)], [0], 2, zoneout=0.1).recurrent.rates.zoneout == (0.1, 0.1)
