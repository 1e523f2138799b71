# Payments in three bands: within the agent's limit, up to ten times it with a person's approval, never beyond.
package payments

limit := data.agents[input.agent].max_amount

amount := input.params.amount if {
	is_number(input.params.amount)
	input.params.amount > 0
}

allow_payment contains {"allow": true, "reason": "within_limit"} if amount <= limit

allow_payment contains answer if {
	amount > limit
	amount <= limit * 10
	answer := {
		"action": "approval_needed",
		"reason": "above_own_limit",
		"remediation": sprintf("split it, or wait for approval: this agent may pay up to %d by itself", [limit]),
	}
}

allow_payment contains {"allow": false, "reason": "blocked_over_hard_limit"} if amount > limit * 10

allow_payment contains {"allow": false, "reason": "amount_missing"} if not amount

allow_payment contains {"allow": false, "reason": "agent_unknown"} if not limit
