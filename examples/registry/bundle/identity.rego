# spiffe://lab.example/agents/CLASS/NAME
package lab.identity

class_name := name if {
	glob.match("spiffe://lab.example/agents/*/*", ["/"], input.caller_spiffe_id)
	name := split(input.caller_spiffe_id, "/")[4]
}

class := data.lab.classes[class_name]
