"""Clean tables by place, region and flow, and their checks."""
