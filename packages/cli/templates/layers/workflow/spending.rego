# Budgets stand in data.json, at `writ.budgets`; one that is used up denies by itself (`budget_exhausted`). This warns
# before: from a share of the budget on, each call is allowed with a duty to tell somebody.
package workflow.spending

near contains name if {
	some name in data.workflow.warning.budgets
	budget := input.context.budgets[name]
	budget.used >= budget.limit * data.workflow.warning.share
}

decision := {
	"outcome": "allow",
	"reason": "budget_nearly_used",
	"message": sprintf("nearly used: %s", [concat(", ", sort(near))]),
	"obligations": [
		{"type": "notify", "properties": {"reason": "budget_nearly_used", "budgets": sort(near)}},
		{"type": "audit", "properties": {"reason": "budget_nearly_used"}},
	],
} if {
	count(near) > 0
}

else := true
