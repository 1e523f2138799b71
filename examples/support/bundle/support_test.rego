package support_test

import data.support

ask(tool, capability, tenant, more) := object.union(
	{
		"principal": {"id": "user:ana", "tenant": "eu", "data_classifications_authorized": ["contact"]},
		"actor": {"id": "agent:support-eu", "capabilities": ["customer.read", "billing.read", "ticket.write"]},
		"action": {
			"type": "tool_call",
			"tool": tool,
			"capability": capability,
			"resources": [{"type": "customer", "id": "c-1", "tenant": tenant}],
		},
	},
	more,
)

test_listed_agent_is_known if {
	support.capabilities.known with input as {"actor": {"id": "agent:support-free"}}
}

test_unlisted_agent_is_not_known if not support.capabilities.known with input as {"actor": {"id": "agent:other"}}

test_own_tenant if {
	support.access.decision.outcome == "allow" with input as ask("get_customer", "customer.read", "eu", {})
}

test_another_tenant if {
	support.access.decision.reason == "resource_outside_tenant" with input as ask("get_customer", "customer.read", "us", {})
}

test_no_resources_no_opinion if {
	request := ask("get_customer", "customer.read", "eu", {"action": {"resources": []}})
	not support.access.decision with input as request
}

test_capability_missing if {
	support.access.decision.reason == "capability_missing" with input as ask("x", "customer.delete", "eu", {})
}

test_billing_needs_clearance if {
	request := ask("get_billing", "billing.read", "eu", {"action": {"data_classes_referenced": ["billing"]}})
	support.privacy.decision.reason == "data_class_not_authorized" with input as request
}

test_nobody_is_cleared_without_a_list if {
	request := {"principal": {"id": "user:x"}, "action": {"data_classes_referenced": ["billing"]}}
	support.privacy.decision.reason == "data_class_not_authorized" with input as request
}

test_person_without_a_tenant if {
	request := object.remove(ask("get_customer", "customer.read", "eu", {}), ["principal"])
	support.access.decision.reason == "resource_outside_tenant" with input as request
}

test_card_number_is_taken_out if {
	request := ask("add_note", "ticket.write", "eu", {"action": {"args": {"note": "paid with 4111 1111 1111 1111"}}})
	support.privacy.decision.redact == ["/note"] with input as request
}

test_plain_note_passes if {
	request := ask("add_note", "ticket.write", "eu", {"action": {"args": {"note": "called back"}}})
	support.privacy.decision.outcome == "allow" with input as request
}
