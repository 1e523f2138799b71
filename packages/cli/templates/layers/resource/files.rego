# Which agent may call which tool with which arguments. The names and numbers stand in data.json; the registry beside
# them says what each tool does and touches. Save either while Writ runs: it takes effect at once.
package resource.files

tool := input.action.tool

args := input.action.args

# The tool's entry: the scope that the person must hold, and the scopes of agents that may call it.
entry := data.resource.tools[tool]

# Rules of their own, so that what is missing counts as "no": `not x in y` has no answer where y is undefined.
in_scope if entry.scope in input.principal.scopes

agent_in_scope if input.actor.scope in entry.agents

free if input.action.operation in data.resource.operations.free

destructive if input.action.operation in data.resource.operations.destructive

# Folders by whole names, in any spelling that a file system might take: a substring would miss a relative path.
names := split(lower(replace(args.path, "\\", "/")), "/")

under(kind) if {
	some folder in data.resource.folders[kind]
	folder in names
}

decision := {
	"outcome": "deny",
	"reason": "tool_not_allowlisted",
	"remediation": "write a new file and leave the old one",
} if {
	not entry
}

else := {
	"outcome": "deny",
	"reason": "insufficient_scope",
	"remediation": sprintf("this needs the scope %q", [entry.scope]),
} if {
	not in_scope
}

else := {
	"outcome": "deny",
	"reason": "agent_out_of_scope",
	"remediation": sprintf("this is for agents of scope %s", [concat(", ", entry.agents)]),
} if {
	not agent_in_scope
}

else := {
	"outcome": "step_up",
	"reason": "confidential_folder",
	"step_up_method": "passkey",
} if {
	input.action.operation == "read"
	under("confidential")
	not input.context.step_up_verified
}

else := {
	"outcome": "deny",
	"reason": "text_over_limit",
	"message": sprintf("at most %d characters a call, not %d", [data.resource.write_max, count(args.content)]),
	"remediation": "write a shorter text",
} if {
	count(args.content) > data.resource.write_max
}

# What cannot be taken back is for a person to say.
else := {"outcome": "escalate", "reason": "destructive_needs_a_person"} if destructive

else := {"outcome": "escalate", "reason": "publishing_needs_a_person"} if {
	input.action.operation == "write"
	under("published")
}

# An operation that no rule speaks of has no answer, and is denied.
else := {"outcome": "allow", "reason": "ok"} if free
