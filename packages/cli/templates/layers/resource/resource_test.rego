package resource_test

import data.resource.files
import data.resource.inference

ask(tool, operation, args) := {
	"principal": {"id": "user:ana", "scopes": ["files:read", "files:write"]},
	"actor": {"id": "agent:writer", "scope": "communications"},
	"action": {"tool": tool, "operation": operation, "args": args},
}

answer(request) := [decision.outcome, decision.reason] if {
	decision := files.decision with input as request
}

test_read if answer(ask("read_text_file", "read", {"path": "/s/notes/a.txt"})) == ["allow", "ok"]

test_tool_is_not_listed if answer(ask("move_file", "move", {})) == ["deny", "tool_not_allowlisted"]

test_scope_is_missing if {
	answer(ask("create_directory", "create", {"path": "/s/x"})) == ["deny", "insufficient_scope"]
}

test_person_without_any_scopes if {
	request := json.remove(ask("read_text_file", "read", {"path": "/s/notes/a"}), ["principal/scopes"])
	answer(request) == ["deny", "insufficient_scope"]
}

test_agent_of_another_scope if {
	every actor in [{"id": "agent:support", "scope": "support"}, {"id": "agent:other"}] {
		request := ask("read_text_file", "read", {"path": "/s/notes/a"})
		answer(object.union(json.remove(request, ["actor"]), {"actor": actor})) == ["deny", "agent_out_of_scope"]
	}
}

test_long_text if {
	text := concat("", [c | some _ in numbers.range(0, data.resource.write_max); c := "x"])
	answer(ask("write_file", "write", {"path": "/s/drafts/a.txt", "content": text})) == ["deny", "text_over_limit"]
}

test_text_of_just_that_length if {
	text := concat("", [c | some _ in numbers.range(1, data.resource.write_max); c := "x"])
	answer(ask("write_file", "write", {"path": "/s/drafts/a.txt", "content": text})) == ["allow", "ok"]
}

test_confidential_in_any_spelling if {
	every path in ["confidential/a.txt", "/s/notes/../Confidential/a.txt", "C:\\s\\confidential\\a.txt"] {
		answer(ask("read_text_file", "read", {"path": path})) == ["step_up", "confidential_folder"]
	}
}

test_confidential_after_step_up if {
	request := ask("read_text_file", "read", {"path": "/s/confidential/a.txt"})
	answer(object.union(request, {"context": {"step_up_verified": true}})) == ["allow", "ok"]
}

test_publishing_needs_a_person if {
	answer(ask("write_file", "write", {"path": "/s/published/a.txt", "content": "hi"})) == [
		"escalate",
		"publishing_needs_a_person",
	]
}

test_overwriting_needs_a_person if {
	answer(ask("edit_file", "overwrite", {"path": "/s/a.txt"})) == ["escalate", "destructive_needs_a_person"]
}

test_operation_that_no_rule_speaks_of if {
	not answer(ask("get_file_info", "inspect", {"path": "/s/notes/a.txt"}))
}

model(scope, provider, name) := decision.reason if {
	decision := inference.decision with input as {
		"actor": {"id": "agent:x", "scope": scope},
		"action": {"provider": provider, "model": name},
	}
}

test_model_is_listed if model("support", "local", "llama-3.3") == "model_listed"

test_model_is_not_listed if {
	model("support", "anthropic", "claude-sonnet-4-5") == "model_not_allowlisted"
	model("nobody", "local", "llama-3.3") == "model_not_allowlisted"
}
