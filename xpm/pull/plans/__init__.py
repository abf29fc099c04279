"""What a pull asks Xero for, by the plan of its entity. Pulls and dry runs call `plan.carry_out`."""
