package lab_test

import data.lab

call(class, capability) := {
	"caller_spiffe_id": sprintf("spiffe://lab.example/agents/%s/one", [class]),
	"capability_id": capability,
	"session_request_count": 0,
}

test_researcher_searches if lab.access.allow with input as call("researcher", "tool.default.mcp")

test_researcher_runs_no_commands if not lab.access.allow with input as call("researcher", "tool.highrisk.cli")

test_operator_runs_commands if lab.access.allow with input as call("operator", "tool.highrisk.cli")

test_what_nobody_described_is_granted_to_nobody if {
	not lab.access.allow with input as object.remove(call("operator", "x"), ["capability_id"])
}

test_other_trust_domains_are_nobody if {
	request := object.union(
		call("operator", "tool.default.mcp"),
		{"caller_spiffe_id": "spiffe://else.example/agents/operator/one"},
	)
	not lab.access.allow with input as request
}

test_session_has_room if lab.budget.allow with input as call("operator", "tool.default.mcp")

test_session_is_over if {
	request := object.union(call("operator", "tool.default.mcp"), {"session_request_count": 20})
	not lab.budget.allow with input as request
	lab.budget.deny_reason == "session_budget_exhausted" with input as request
}

test_destination_approved if lab.destination.allow with input as {"destination_host": "api.groq.com"}

test_destination_not_approved if {
	lab.destination.deny_reason == "destination_not_approved" with input as {"destination_host": "groq.example"}
}
