"""The runbooks an operator starts or schedules. Each reads like the support article, step by step."""
