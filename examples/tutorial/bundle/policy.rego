# Which tools an agent may call, with which arguments, under which scope.
package agent.tools

# What each tool needs. A tool that is not listed here is refused by name.
catalogue := {
	"search.web": {"scope": "read"},
	"db.read": {"scope": "read"},
	"refund.issue": {"scope": "write:refund"},
	"db.delete": {"scope": "write:destructive", "human": true},
}

# Refunds above this many cents are refused, whoever asks.
refund_ceiling_cents := 50000

listed if catalogue[input.tool]

in_scope if catalogue[input.tool].scope in input.identity.scopes

needs_human if catalogue[input.tool].human

# A refund without a positive whole amount is no refund within the ceiling.
within_ceiling if input.tool != "refund.issue"

within_ceiling if {
	cents := input.arguments.amount_cents
	is_number(cents)
	cents > 0
	cents <= refund_ceiling_cents
}

answer(outcome, reason) := {"outcome": outcome, "reason": reason, "policy": "agent.tools"}

decision := answer("deny", "tool_not_allowlisted") if not listed

else := answer("deny", "insufficient_scope") if not in_scope

else := answer("deny", "amount_over_limit") if not within_ceiling

else := answer("escalate", "human_approval_required") if needs_human

else := answer("allow", "ok")
