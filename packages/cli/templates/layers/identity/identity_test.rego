package identity_test

import data.identity.agents
import data.identity.people

test_listed_agent if {
	agents.decision.owner_team == "communications" with input as {"actor": {"id": "agent:writer"}}
}

test_capabilities_only_where_some_are_listed if {
	not agents.decision.capabilities with input as {"actor": {"id": "agent:writer"}}
	"customer.read" in agents.decision.capabilities with input as {"actor": {"id": "agent:support"}}
}

test_nobody_else if {
	agents.decision.known == false with input as {"actor": {"id": "agent:other"}}
	agents.decision.known == false with input as {}
}

directory := {
	"users": {"user:ana": {"groups": ["staff"]}},
	"groups": {"staff": {"data_classes": ["internal"]}},
	"resource_types_of_nobody": ["file"],
}

reason(request) := answer.reason if {
	answer := people.decision with input as request with data.identity.directory as directory
}

ana := {"id": "user:ana", "tenant": "eu"}

no_objection(request) if {
	people.decision == true with input as request with data.identity.directory as directory
}

test_listed_person if no_objection({"principal": ana, "action": {}})

test_unlisted_person if {
	reason({"principal": {"id": "user:eve"}}) == "person_unknown"
	reason({}) == "person_unknown"
}

test_cleared_by_a_group if no_objection({"principal": ana, "action": {"data_classes_referenced": ["internal"]}})

test_not_cleared if {
	reason({"principal": ana, "action": {"data_classes_referenced": ["customer"]}}) == "data_class_not_authorized"
}

test_claimed_groups_clear_nothing if {
	claiming := object.union(ana, {"groups": ["board"], "data_classifications_authorized": ["customer"]})
	reason({"principal": claiming, "action": {"data_classes_referenced": ["customer"]}}) == "data_class_not_authorized"
}

test_own_list_narrows if {
	every classes in [[], ["public"]] {
		narrowed := object.union(ana, {"data_classifications_authorized": classes})
		reason({"principal": narrowed, "action": {"data_classes_referenced": ["internal"]}}) == "data_class_not_authorized"
	}
}

test_own_list_agrees if {
	agreeing := object.union(ana, {"data_classifications_authorized": ["internal"]})
	no_objection({"principal": agreeing, "action": {"data_classes_referenced": ["internal"]}})
}

test_own_tenant if {
	no_objection({"principal": ana, "action": {"resources": [{"type": "customer", "id": "c1", "tenant": "eu"}]}})
}

test_what_belongs_to_nobody if {
	no_objection({"principal": {"id": "user:ana"}, "action": {"resources": [{"type": "file", "id": "/a"}]}})
}

test_foreign_or_unknown_tenants if {
	every resource in [{"type": "customer", "id": "c1", "tenant": "us"}, {"type": "customer", "id": "c1"}] {
		reason({"principal": ana, "action": {"resources": [resource]}}) == "resource_of_another_tenant"
	}
}

test_person_without_a_tenant if {
	resources := [{"type": "customer", "id": "c1", "tenant": "eu"}]
	reason({"principal": {"id": "user:ana"}, "action": {"resources": resources}}) == "resource_of_another_tenant"
}
