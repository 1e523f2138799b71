# Where each tenant's agents may send: hosts, exact or with `*` for one part of the name. A tenant without a list sends
# nowhere. The registry says which argument of a tool names the destination.
package compliance.egress

host := lower(input.action.destination.host)

listed if {
	some pattern in data.compliance.destinations[input.principal.tenant]
	glob.match(pattern, ["."], host)
}

deny contains {
	"reason": "destination_not_allowlisted",
	"message": sprintf("%s is no destination of this tenant", [host]),
	"remediation": "ask for the host to be listed in compliance/data.json",
} if {
	host
	not listed
}
