# Which agents there are, which team answers for each, and what it may be in scope for. An agent that nobody listed
# acts for nobody. One with a list of `capabilities` is held to it, whatever other policies say.
package identity.agents

listed := data.identity.directory.agents[input.actor.id]

decision := object.union(
	{"known": true},
	object.filter(listed, ["capabilities", "class", "owner_team", "scope"]),
) if {
	listed
}

else := {
	"known": false,
	"reason": "agent_unknown",
	"remediation": "list the agent with its team and scope in identity/data.json",
}
