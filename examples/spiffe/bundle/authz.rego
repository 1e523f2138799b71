# Which class of workload may use which tool. A class is the path segment after `agents` in its SPIFFE id:
# spiffe://DOMAIN/agents/CLASS/NAME.
package fleet.authz

import data.fleet.identity

default allow := false

allow if {
	input.action == "tools/call"
	input.tool_name in identity.class.tools
}

# Models are granted to every known class; which providers is for the compliance layer.
allow if {
	input.action == "model/inference"
	identity.class
}
