package interop_test

import data.interop

ask(subject, action, resource) := {"subject": subject, "action": {"name": action}, "resource": resource}

user(id) := {"type": "user", "id": id}

record(id) := {"type": "record", "id": id}

test_owners_do_everything if {
	every action in ["view", "edit", "delete"] {
		interop.records.allow with input as ask(user("erin"), action, record("105"))
	}
}

test_managers_edit_in_their_department_only if {
	interop.records.allow with input as ask(user("alice"), "edit", record("110"))
	not interop.records.allow with input as ask(user("dan"), "edit", record("101"))
}

test_strangers_see_nothing if {
	not interop.records.allow with input as ask(user("mallory"), "view", record("101"))
	not interop.records.allow with input as ask(user("alice"), "view", record("999"))
}

test_viewers_create_nothing if {
	not interop.todo.allow with input as ask(user("jerry"), "can_create_todo", {"type": "todo", "id": "todo-1"})
		with data.interop.people as {"jerry": {"roles": ["viewer"], "email": "jerry@the-smiths.com"}}
}

test_routes_need_a_role if {
	every id, expected in {"/todos": true, "/todos/{todoId}": false} {
		got := interop.routes.allow with input as ask({"type": "identity", "id": "j"}, "GET", {"type": "route", "id": id})
			with data.interop.people as {"j": {"roles": ["viewer"]}}
		got == expected
	}
}
