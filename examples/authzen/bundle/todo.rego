# The todo list: everybody reads; editors create, and change what is theirs.
package interop.todo

import data.interop.people

default allow := false

allow if {
	input.resource.type == "user"
	input.action.name == "can_read_user"
}

allow if {
	input.resource.type == "todo"
	input.action.name == "can_read_todos"
}

allow if {
	input.resource.type == "todo"
	input.action.name == "can_create_todo"
	writes
}

allow if {
	input.resource.type == "todo"
	input.action.name in {"can_update_todo", "can_delete_todo"}
	writes
	input.resource.properties.ownerID == person.email
}

allow if {
	input.resource.type == "todo"
	input.action.name == "can_update_todo"
	"evil_genius" in person.roles
}

allow if {
	input.resource.type == "todo"
	input.action.name == "can_delete_todo"
	"admin" in person.roles
}

person := people[input.subject.id]

writes if {
	some role in person.roles
	role in {"editor", "admin", "evil_genius"}
}
