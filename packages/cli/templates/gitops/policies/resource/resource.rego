# Which tools agents may call, on whose authority. Nothing is allowed that no rule allows.
package resource

tool := data.resource.tools[input.action.tool]

in_scope if tool.scope in input.principal.scopes

decision := {"outcome": "deny", "reason": "tool_not_listed"} if not tool

else := {"outcome": "deny", "reason": "insufficient_scope", "remediation": sprintf("ask for the scope %q", [tool.scope])} if {
	not in_scope
}

else := {"outcome": "escalate", "reason": "needs_a_person"} if tool.approval == true

else := {"outcome": "allow", "reason": "ok"}
