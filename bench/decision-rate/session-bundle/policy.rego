# Reads what the decision point gathers of a session: how many calls, which labels, what is left of a budget.
package bench.session

allowed if {
	input.action.tool == "refund.issue"
	input.action.args.amount_cents <= 50000
}

in_bounds if {
	input.context.request_count < 1000000000
	not "tainted" in input.context.labels
	input.context.budgets.calls.used < input.context.budgets.calls.limit
}
