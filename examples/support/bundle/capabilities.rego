package support

# An agent that the owner did not list is not known, and acts for nobody.
capabilities := {"known": true, "capabilities": data.support.agents[input.actor.id].capabilities}
