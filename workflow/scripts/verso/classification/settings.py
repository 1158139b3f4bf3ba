"""Descriptions of keys that several families of classifiers share."""

CLASS_WEIGHTS = "`balanced`: the rarer a label, the more a text of it weighs, so that all labels weigh the same."
CHOSEN_BY = "Which F1 on the validation part chooses {}: the mean of the labels' or the mean weighted by their texts."
