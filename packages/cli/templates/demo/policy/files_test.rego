package demo.files_test

import data.demo.files

ask(tool, args, scopes) := {
	"principal": {"id": "user:ana", "scopes": scopes},
	"actor": {"id": "agent:writer"},
	"action": {"tool": tool, "args": args},
}

answer(tool, args) := result if {
	request := ask(tool, args, ["files:read", "files:write"])
	decision := files.decision with input as request
	result := [decision.outcome, decision.reason]
}

test_read if answer("read_text_file", {"path": "/s/notes/a.txt"}) == ["allow", "ok"]

test_move_is_not_listed if answer("move_file", {}) == ["deny", "tool_not_allowlisted"]

test_admin_scope_is_missing if answer("create_directory", {"path": "/s/x"}) == ["deny", "insufficient_scope"]

test_without_any_scopes if {
	request := {"principal": {"id": "user:ana"}, "action": {"tool": "read_text_file", "args": {"path": "/s/notes/a"}}}
	files.decision.reason == "insufficient_scope" with input as request
}

test_long_text if {
	text := concat("", [c | some _ in numbers.range(1, 501); c := "x"])
	answer("write_file", {"path": "/s/drafts/a.txt", "content": text}) == ["deny", "text_over_limit"]
}

test_confidential_needs_step_up if {
	answer("read_text_file", {"path": "/s/confidential/a.txt"}) == ["step_up", "confidential_folder"]
}

test_confidential_in_other_spellings if {
	every path in ["confidential/a.txt", "/s/notes/../Confidential/a.txt", "C:\\s\\confidential\\a.txt"] {
		answer("read_text_file", {"path": path}) == ["step_up", "confidential_folder"]
	}
}

test_publishing_needs_a_person if {
	answer("write_file", {"path": "/s/published/a.txt", "content": "hi"}) == ["escalate", "publishing_needs_a_person"]
}

test_card_number_is_removed if {
	answer("write_file", {"path": "/s/drafts/a.txt", "content": "4111 1111 1111 1111"}) == ["sanitize", "card_number_removed"]
}

test_file_info_has_no_rule if not answer("get_file_info", {"path": "/s/notes/a.txt"})
