package fleet_test

import data.fleet

id(class) := sprintf("spiffe://fleet.example/agents/%s/one", [class])

call(class, tool) := {
	"caller_spiffe_id": id(class),
	"action": "tools/call",
	"tool_name": tool,
	"session_request_count": 0,
}

test_researcher_searches if fleet.authz.allow with input as call("researcher", "web_search")

test_analyst_does_not_search if not fleet.authz.allow with input as call("analyst", "web_search")

test_other_trust_domains_are_nobody if {
	request := object.union(call("researcher", "web_search"), {"caller_spiffe_id": "spiffe://else.example/agents/researcher/one"})
	not fleet.authz.allow with input as request
}

test_a_longer_path_is_nobody if {
	request := object.union(call("researcher", "web_search"), {"caller_spiffe_id": "spiffe://fleet.example/agents/researcher/one/two"})
	not fleet.authz.allow with input as request
}

test_mail_needs_step_up if fleet.stepup.decision == "step_up" with input as call("researcher", "send_email")

test_mail_after_step_up if {
	request := object.union(call("researcher", "send_email"), {"step_up_verified": true})
	fleet.stepup.decision == "allow" with input as request
}

test_budget_has_room if fleet.budget.allow with input as call("researcher", "web_search")

test_budget_is_spent if {
	request := object.union(call("analyst", "database_read"), {"session_request_count": 50})
	fleet.budget.deny_reason == "session_budget_exhausted" with input as request
	not fleet.budget.allow with input as request
}

test_unknown_class_has_no_budget if {
	fleet.budget.deny_reason == "class_unknown" with input as call("intern", "web_search")
}

test_provider_permitted if {
	fleet.models.allow with input as {"caller_spiffe_id": id("analyst"), "model_provider": "anthropic"}
}

test_provider_not_permitted if {
	fleet.models.deny_reason == "provider_not_permitted" with input as {"caller_spiffe_id": id("analyst"), "model_provider": "groq"}
}
