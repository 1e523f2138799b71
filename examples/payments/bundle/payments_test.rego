package payments_test

import data.payments

pay(agent, amount) := {"agent": agent, "tool": "stripe-payments", "params": {"amount": amount}}

answers(request) := answers if answers := payments.allow_payment with input as request

test_within_the_limit if {
	answers(pay("finance-agent", 5000)) == {{"allow": true, "reason": "within_limit"}}
}

test_above_the_limit_needs_approval if {
	some answer in answers(pay("finance-agent", 5001))
	answer.action == "approval_needed"
	count(answers(pay("finance-agent", 5001))) == 1
}

test_beyond_ten_times_is_blocked if {
	answers(pay("finance-agent", 50001)) == {{"allow": false, "reason": "blocked_over_hard_limit"}}
}

test_no_amount_no_payment if {
	every amount in [null, "5", -5, 0, true] {
		answers(pay("finance-agent", amount)) == {{"allow": false, "reason": "amount_missing"}}
	}
}

test_unknown_agent if {
	answers(pay("someone", 1)) == {{"allow": false, "reason": "agent_unknown"}}
}

test_planner_may_call_finance if {
	count(payments.chain.deny) == 0 with input as object.union(pay("finance-agent", 1), {"parent_agent_id": "planner"})
}

test_unknown_agents_may_not_be_called if {
	count(payments.chain.deny) == 1 with input as object.union(pay("nobody", 1), {"parent_agent_id": "planner"})
}

test_planner_may_not_call_refunds if {
	some objection in payments.chain.deny with input as object.union(
		pay("refund-agent", 1),
		{"parent_agent_id": "planner"},
	)
	objection.reason == "caller_not_permitted"
}
