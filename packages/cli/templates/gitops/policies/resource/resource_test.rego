package resource_test

import data.resource

ask(tool, scopes) := {"actor": {"id": "agent:a"}, "principal": {"id": "user:u", "scopes": scopes}, "action": {"tool": tool}}

test_unlisted if resource.decision.reason == "tool_not_listed" with input as ask("rm", ["read"])

test_without_scope if resource.decision.reason == "insufficient_scope" with input as ask("search", [])

test_with_scope if resource.decision.outcome == "allow" with input as ask("search", ["read"])

test_mail_needs_a_person if resource.decision.outcome == "escalate" with input as ask("send_email", ["write"])
