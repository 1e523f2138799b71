package support

# Who may act, and with which capabilities. An agent that the owner did not list is not known, and acts for nobody.
capabilities := {"known": true, "capabilities": listed.capabilities} if {
	listed := data.support.agents[input.actor.id]
} else := {"known": false}
