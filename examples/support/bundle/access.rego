# The agent must hold the capability, and the person behind it must belong to the tenant of every record touched.
package support.access

capable if input.action.capability in input.actor.capabilities

# A record without a tenant, or a person without one, is foreign too.
own(resource) if resource.tenant == input.principal.tenant

foreign contains resource.id if {
	some resource in input.action.resources
	not own(resource)
}

decision := {"outcome": "deny", "reason": "capability_missing"} if not capable

else := {
	"outcome": "deny",
	"reason": "resource_outside_tenant",
	"message": sprintf("%d of the records named belong to another tenant", [count(foreign)]),
	"remediation": "name only records of your own tenant",
} if {
	count(foreign) > 0
}

else := {"outcome": "allow", "reason": "own_tenant"} if count(input.action.resources) > 0
