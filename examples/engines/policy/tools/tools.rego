# Which agents may use which tools: in Rego.
package tools

decision := {"allow": true, "reason": "tool_of_class"} if input.action.tool in data.tools.by_class[input.actor.class]
