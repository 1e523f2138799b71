# Which agents may use which models. Which data may go to a model is for the compliance layer.
package resource.inference

name := concat("/", [input.action.provider, input.action.model])

listed if name in data.resource.models[input.actor.scope]

decision := {"outcome": "allow", "reason": "model_listed"} if listed

else := {
	"outcome": "deny",
	"reason": "model_not_allowlisted",
	"remediation": "use a model that resource/data.json lists for this agent's scope",
}
