"""A library as tools for agents, over the Model Context Protocol: search, look up, describe, look at pictures."""

from web.agents.allowed import Allowed
from web.agents.serving import serve_agent

__all__ = ["Allowed", "serve_agent"]
