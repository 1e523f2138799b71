# On whose authority: a person (or service) that is listed, data that its groups are cleared for, and resources of its
# own tenant.
package identity.people

directory := data.identity.directory

person := directory.users[input.principal.id]

# What the groups in data.json are cleared for; groups that a token claims add nothing.
authorized contains class if {
	some group in person.groups
	some class in directory.groups[group].data_classes
}

# A list that comes with the person's own credential narrows that further.
claimed(class) if class in input.principal.data_classifications_authorized

claimed(_) if not input.principal.data_classifications_authorized

# Asked as a rule of its own, so that what is missing counts as "no".
cleared(class) if {
	class in authorized
	claimed(class)
}

uncleared contains class if {
	some class in input.action.data_classes_referenced
	not cleared(class)
}

own(resource) if resource.type in directory.resource_types_of_nobody

own(resource) if resource.tenant == input.principal.tenant

# A resource that says no tenant is foreign too, unless its type belongs to no tenant.
foreign contains resource.id if {
	some resource in input.action.resources
	not own(resource)
}

decision := {
	"outcome": "deny",
	"reason": "person_unknown",
	"remediation": "list the person with its groups in identity/data.json",
} if {
	not person
}

else := {
	"outcome": "deny",
	"reason": "resource_of_another_tenant",
	"message": sprintf("%d of the resources belong to another tenant", [count(foreign)]),
	"remediation": "name only resources of your own tenant",
} if {
	count(foreign) > 0
}

else := {
	"outcome": "deny",
	"reason": "data_class_not_authorized",
	"message": sprintf("not cleared for %s", [concat(", ", sort(uncleared))]),
	"remediation": "request_elevated_data_access",
} if {
	count(uncleared) > 0
}

# No objection, and no reason of its own: guards never grant.
else := true
