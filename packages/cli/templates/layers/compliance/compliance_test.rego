package compliance_test

import data.compliance.egress
import data.compliance.models
import data.compliance.privacy

classes := {"customer": {"models": ["local/small"], "regions": ["eu"]}}

model(action, environment) := {objection.reason | some objection in objections} if {
	objections := models.deny with input as {"action": action, "environment": environment}
		with data.compliance.data_classes as classes
}

test_listed_model_and_region if {
	model({"provider": "local", "model": "small", "region": "eu", "data_classes_referenced": ["customer"]}, {}) == set()
}

test_region_of_the_environment if {
	action := {"provider": "local", "model": "small", "data_classes_referenced": ["customer"]}
	model(action, {"region": "eu"}) == set()
	model(action, {}) == {"region_not_for_this_data"}
}

test_own_region_goes_first if {
	action := {"provider": "local", "model": "small", "region": "us", "data_classes_referenced": ["customer"]}
	model(action, {"region": "eu"}) == {"region_not_for_this_data"}
}

test_other_model if {
	action := {"provider": "far", "model": "big", "region": "eu", "data_classes_referenced": ["customer"]}
	model(action, {}) == {"model_not_for_this_data"}
}

test_unlisted_class_goes_nowhere if {
	action := {"provider": "local", "model": "small", "region": "eu", "data_classes_referenced": ["health"]}
	model(action, {}) == {"model_not_for_this_data", "region_not_for_this_data"}
}

test_no_class_no_objection if model({"provider": "far", "model": "big"}, {}) == set()

destinations := {"acme": ["*.acme.example", "weather.example"]}

sends(tenant, host) := {objection.reason | some objection in objections} if {
	request := {"principal": {"tenant": tenant}, "action": {"destination": {"host": host}}}
	objections := egress.deny with input as request with data.compliance.destinations as destinations
}

test_listed_host if {
	every host in ["weather.example", "WEATHER.example", "files.acme.example"] {
		sends("acme", host) == set()
	}
}

test_unlisted_host if {
	every host in ["evil.example", "acme.example", "a.b.acme.example", "acme.example.evil.example"] {
		sends("acme", host) == {"destination_not_allowlisted"}
	}
}

test_tenant_without_a_list if sends("globex", "weather.example") == {"destination_not_allowlisted"}

test_person_without_a_tenant if {
	count(egress.deny) == 1 with input as {"action": {"destination": {"host": "weather.example"}}}
}

test_nothing_is_sent if egress.deny == set() with input as {"action": {}}

found(args) := redact if {
	redact := privacy.decision.redact with input as {"action": {"args": args}}
}

test_card_number_is_taken_out if found({"path": "/a", "content": "4111 1111 1111 1111"}) == ["/content"]

test_card_numbers_deep_down if {
	found({"rows": [{"a/b": {"note": "4111-1111-1111-1111"}}], "text": "4111111111111111"}) == ["/rows/0/a~1b/note", "/text"]
}

test_plain_text_and_ids_pass if {
	every args in [{}, {"content": "called back"}, {"id": "4111111111111111"}, {"note": 4111111111111111}] {
		privacy.decision == true with input as {"action": {"args": args}}
	}
}
