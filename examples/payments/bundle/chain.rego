# An agent may only be put to work by the agents that its owner named: a planner cannot coerce finance.
package payments.chain

permitted if input.parent_agent_id in data.agents[input.agent].may_be_called_by

deny contains {"reason": "caller_not_permitted", "message": message} if {
	parent := input.parent_agent_id
	not permitted
	message := sprintf("agent %q may not be called by %q", [input.agent, parent])
}
