# Where a tenant's agents may send: exact hosts, and `*.` for any number of labels below a domain.
package egress

patterns := data.tenants[input.tenant].egress_allowlist

host := lower(input.request.host)

reachable if {
	some pattern in patterns
	not startswith(pattern, "*.")
	host == pattern
}

reachable if {
	some pattern in patterns
	startswith(pattern, "*.")
	endswith(host, substring(pattern, 1, -1))
}

allow := {"allow": true, "reason": "destination_listed"} if reachable

else := {
	"allow": false,
	"reason": "destination_not_listed",
	"message": sprintf("tenant %q may not reach %q", [input.tenant, input.request.host]),
	"remediation": "ask the tenant's owner to list the host",
} if {
	input.request.host
	input.tenant
}
