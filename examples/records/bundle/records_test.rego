package records_test

import data.records

asked(id, role, action, status) := {
	"subject": {"type": "user", "id": id, "properties": {"role": role}},
	"action": action,
	"resource": {"type": "record", "id": "record-1", "properties": {"status": status}},
}

test_who_is_permitted_may if {
	records.allow with input as asked("alice", "", {"name": "write"}, "active")
}

test_others_may_not if {
	not records.allow with input as asked("bob", "", {"name": "write"}, "active")
	not records.allow with input as asked("carol", "", {"name": "read"}, "active")
}

test_what_is_archived_is_for_administrators if {
	not records.allow with input as asked("alice", "", {"name": "write"}, "archived")
	records.allow with input as asked("bob", "admin", {"name": "write"}, "archived")
	records.allow with input as asked("alice", "", {"name": "read"}, "archived")
}

test_a_delete_can_be_undone if {
	records.allow with input as asked("alice", "", {"name": "delete", "properties": {"soft": true}}, "active")
	not records.allow with input as asked("alice", "", {"name": "delete", "properties": {"soft": false}}, "active")
	not records.allow with input as asked("alice", "", {"name": "delete"}, "active")
}
