# What the agent may do. Nothing is allowed that no rule allows.
package main

# Each tool and the scope that the person behind the agent must hold.
tools := {
	"search": "read",
	"send_email": "write",
}

# Addresses that mail may go to without a person's look.
own_domain := "@example.com"

listed if tools[input.action.tool]

# Asked as rules of their own, so that what is missing counts as "no": `not f(x)` has no answer where x is undefined.
in_scope if tools[input.action.tool] in input.principal.scopes

inside if endswith(input.action.args.to, own_domain)

decision := {"outcome": "deny", "reason": "tool_not_listed"} if not listed

else := {
	"outcome": "deny",
	"reason": "insufficient_scope",
	"remediation": sprintf("ask for the scope %q", [tools[input.action.tool]]),
} if {
	not in_scope
}

else := {"outcome": "escalate", "reason": "mail_leaves_the_company"} if {
	input.action.tool == "send_email"
	not inside
}

else := {"outcome": "allow", "reason": "ok"}
