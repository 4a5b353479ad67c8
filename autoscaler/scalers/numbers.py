"""The one rounding of sample values to thousandths. Pure."""

import math


def to_milli(number: float) -> int:
    """Round to whole thousandths as KEDA prints a quantity: three decimals, correctly rounded; -0 is 0.

    Source: KEDA scaler.go, GenerateMetricInMili.
    """
    if not math.isfinite(number):
        return 0
    return int(format(number, ".3f").replace(".", ""))
