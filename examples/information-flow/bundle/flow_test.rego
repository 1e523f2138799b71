package flow_test

import data.flow

call(server, tool, labels) := {
	"action": {"type": "tool_call", "phase": "call", "server": server, "tool": tool},
	"context": {"labels": labels},
}

test_two_of_three_pass if {
	every labels in [[], ["private"], ["untrusted"], ["outside", "private"]] {
		flow.decision.outcome == "allow" with input as call("web", "echo", labels)
	}
}

test_the_way_out_is_closed_by_the_other_two if {
	flow.decision.reason == "private_data_outside" with input as call("web", "echo", ["private", "untrusted"])
}

test_reading_stays_open if {
	flow.decision.outcome == "allow" with input as call("files", "read_text_file", ["outside", "untrusted"])
}

test_a_resource_of_an_outside_server_is_a_way_out if {
	asked := {
		"action": {"type": "resource_read", "phase": "call", "server": "web"},
		"context": {"labels": ["private"]},
	}
	flow.decision.outcome == "deny" with input as asked
}

test_what_is_not_described_is_not_granted if {
	flow.grant.reason == "not_described" with input as call("web", "unheard-of", [])
	flow.grant.reason == "described" with input as call("web", "echo", [])
}

test_an_answer_of_the_model_is_a_way_out if {
	flow.decision.outcome == "allow" with input as question(["untrusted"])
	flow.decision.outcome == "deny" with input as question(["private"])
}

question(labels) := {
	"action": {"type": "sampling", "phase": "call", "server": "asks"},
	"context": {"labels": labels},
}
