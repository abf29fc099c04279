"""What a pull asks Xero for, by the plan of its entity. A pull and a dry run come in through `plan.carry_out`."""
