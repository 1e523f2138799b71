package fleet.identity

trust_domain := "fleet.example"

class_name := name if {
	glob.match(sprintf("spiffe://%s/agents/*/*", [trust_domain]), ["/"], input.caller_spiffe_id)
	name := split(input.caller_spiffe_id, "/")[4]
}

class := data.fleet.classes[class_name]
