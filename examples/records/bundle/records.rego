# Who may do what with a record, asked over AuthZEN: ids say who may at all, properties say what stands against it.
package records

default allow := false

allow if {
	input.action.name in data.records.permitted[input.subject.id]
	not archived
	not hard_delete
}

# An administrator may still correct what is archived.
allow if {
	input.action.name == "write"
	archived
	input.subject.properties.role == "admin"
}

archived if {
	input.action.name != "read"
	input.resource.properties.status == "archived"
}

# A delete has to say that it can be undone.
hard_delete if {
	input.action.name == "delete"
	not input.action.properties.soft == true
}
