"""Measuring: models on pictures with captions, and a library's index against exact search."""

from semantic_image_search.evaluation.index import evaluate_index
from semantic_image_search.evaluation.measure import evaluate
from semantic_image_search.evaluation.records import EvaluationReport

__all__ = ["EvaluationReport", "evaluate", "evaluate_index"]
