"""From folders to a library: walk, decode, encode, store. Encoders and the library are handed in, never looked up."""

from indexer.captions import embed_captions
from indexer.plan import RunPlan, count_candidates, plan_run
from indexer.run import default_workers, index_folders
from indexer.walk import walk

__all__ = ["RunPlan", "count_candidates", "default_workers", "embed_captions", "index_folders", "plan_run", "walk"]
