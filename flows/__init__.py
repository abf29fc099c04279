"""The runbooks an operator starts or schedules; each reads like the support article, step by step."""
