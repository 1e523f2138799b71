# Records of departments: owners do everything, colleagues look, managers look everywhere and edit in their department.
package interop.records

default allow := false

allow if {
	input.action.name in {"view", "edit", "delete"}
	record.owner == input.subject.id
}

allow if {
	input.action.name == "view"
	employee.department == record.department
}

allow if {
	input.action.name == "view"
	record
	employee.role == "manager"
}

allow if {
	input.action.name == "edit"
	employee.role == "manager"
	employee.department == record.department
}

record := data.interop.catalogue[input.resource.id] if input.resource.type == "record"

employee := data.interop.staff[input.subject.id] if input.subject.type == "user"
