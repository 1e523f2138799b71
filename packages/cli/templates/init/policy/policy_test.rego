package main_test

import data.main

ask(tool, args, scopes) := object.union(
	{"actor": {"id": "agent:dev"}},
	{"principal": {"id": "user:me", "scopes": scopes}, "action": {"tool": tool, "args": args}},
)

test_unlisted_tool if main.decision.reason == "tool_not_listed" with input as ask("rm", {}, ["read"])

test_search_with_scope if main.decision.outcome == "allow" with input as ask("search", {"q": "x"}, ["read"])

test_mail_without_scope if {
	main.decision.reason == "insufficient_scope" with input as ask("send_email", {"to": "a@example.com"}, ["read"])
}

test_mail_inside if {
	main.decision.outcome == "allow" with input as ask("send_email", {"to": "a@example.com"}, ["write"])
}

test_mail_outside if {
	main.decision.outcome == "escalate" with input as ask("send_email", {"to": "a@else.example"}, ["write"])
}

# A call without an address must not slip through as an inside one.
test_mail_nowhere if main.decision.outcome == "escalate" with input as ask("send_email", {}, ["write"])
