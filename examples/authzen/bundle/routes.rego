# The same list behind an API gateway: which method on which route, without knowing whose todo it is.
package interop.routes

import data.interop.people

default allow := false

allow if {
	input.resource.type == "route"
	input.action.name == "GET"
	input.resource.id in {"/todos", "/users/{userId}"}
	people[input.subject.id]
}

allow if {
	input.resource.type == "route"
	[input.action.name, input.resource.id] in {
		["POST", "/todos"],
		["PUT", "/todos/{todoId}"],
		["DELETE", "/todos/{todoId}"],
	}
	some role in people[input.subject.id].roles
	role in {"editor", "admin", "evil_genius"}
}
