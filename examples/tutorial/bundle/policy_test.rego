package agent.tools_test

import data.agent.tools

call(tool, arguments, scopes) := {
	"tool": tool,
	"arguments": arguments,
	"identity": {"sub": "agent:ops", "scopes": scopes, "delegated_by": "user:42"},
}

outcome_of(request) := [answer.outcome, answer.reason] if {
	answer := tools.decision with input as request
}

test_unlisted_tool_is_denied if {
	outcome_of(call("shell.exec", {"command": "ls"}, ["read"])) == ["deny", "tool_not_allowlisted"]
}

test_read_with_scope_is_allowed if {
	outcome_of(call("db.read", {"table": "orders"}, ["read"])) == ["allow", "ok"]
}

test_write_without_scope_is_denied if {
	outcome_of(call("refund.issue", {"amount_cents": 100}, ["read"])) == ["deny", "insufficient_scope"]
}

test_refund_at_the_ceiling_is_allowed if {
	outcome_of(call("refund.issue", {"amount_cents": 50000}, ["write:refund"])) == ["allow", "ok"]
}

test_refund_over_the_ceiling_is_denied if {
	outcome_of(call("refund.issue", {"amount_cents": 50001}, ["write:refund"])) == ["deny", "amount_over_limit"]
}

test_refund_without_a_real_amount_is_denied if {
	every amount in [null, "100", -1, 0, [], {}] {
		outcome_of(call("refund.issue", {"amount_cents": amount}, ["write:refund"])) == ["deny", "amount_over_limit"]
	}
}

test_refund_without_any_amount_is_denied if {
	outcome_of(call("refund.issue", {}, ["write:refund"])) == ["deny", "amount_over_limit"]
}

test_delete_needs_a_person if {
	outcome_of(call("db.delete", {"id": 7}, ["write:destructive"])) == ["escalate", "human_approval_required"]
}

test_nobody_is_denied if {
	answer := tools.decision with input as {"tool": "db.read"}
	answer.outcome == "deny"
}
