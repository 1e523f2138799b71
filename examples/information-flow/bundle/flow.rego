# Private data, text that strangers wrote, and a way out: an agent may have two of the three in one session. With all
# three, whoever wrote the text can have the agent send the data.
package flow

trifecta := {"private", "untrusted", "outside"}

method := {
	"resource_read": "resources/read",
	"prompt_get": "prompts/get",
	"completion": "completion/complete",
	"sampling": "sampling/createMessage",
}

name := input.action.tool if input.action.tool

else := method[input.action.type]

tools := data.writ.registry.servers[input.action.server].tools

described := tools[name] if tools[name]

else := tools["*"]

# Labels of what is asked for now, and of everything that the session was allowed before.
own := {label | some label in described.labels}

carried := own | {label | some label in input.context.labels}

# This example grants whatever is described; a real one says here who may use what.
grant := {"outcome": "allow", "reason": "described"} if described

grant := {"outcome": "deny", "reason": "not_described"} if not described

decision := {
	"outcome": "deny",
	"reason": "private_data_outside",
	"message": "this session holds private data and text from outside",
	"remediation": "send what you have before reading the other, or let a person do this step",
} if {
	"outside" in own
	count(trifecta - carried) == 0
} else := {"outcome": "allow", "reason": "flow_permitted"}
