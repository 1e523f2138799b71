# What an agent may do with a folder of files. Save this file while Writ runs: it takes effect at once.
package demo.files

tool := input.action.tool

args := input.action.args

# Each tool and the scope that it needs. A tool that is not listed is refused by name.
scope_of := {
	"read_text_file": "files:read",
	"list_directory": "files:read",
	"directory_tree": "files:read",
	"get_file_info": "files:read",
	"write_file": "files:write",
	"create_directory": "files:admin",
}

# Largest text that may be written in one call, in characters.
write_max := 500

# Anything that looks like a payment card.
card := `\b(?:\d[ -]?){13,16}\b`

# A rule of its own, so that missing scopes count as "no": `not x in y` has no answer where y is undefined.
in_scope if scope_of[tool] in input.principal.scopes

# Folders by whole names, in any spelling that a file system might take: a substring would miss a relative path.
folders := split(lower(replace(args.path, "\\", "/")), "/")

under(folder) if folder in folders

decision := {
	"outcome": "deny",
	"reason": "tool_not_allowlisted",
	"remediation": "write a new file and leave the old one",
} if {
	not scope_of[tool]
}

else := {
	"outcome": "deny",
	"reason": "insufficient_scope",
	"remediation": sprintf("this needs the scope %q", [scope_of[tool]]),
} if {
	not in_scope
}

else := {
	"outcome": "step_up",
	"reason": "confidential_folder",
	"step_up_method": "passkey",
} if {
	tool == "read_text_file"
	under("confidential")
	not input.context.step_up_verified
}

else := {
	"outcome": "deny",
	"reason": "text_over_limit",
	"message": sprintf("at most %d characters a call, not %d", [write_max, count(args.content)]),
	"remediation": "write a shorter text",
} if {
	tool == "write_file"
	count(args.content) > write_max
}

else := {"outcome": "escalate", "reason": "publishing_needs_a_person"} if {
	tool == "write_file"
	under("published")
}

else := {
	"outcome": "sanitize",
	"reason": "card_number_removed",
	"redact": ["/content"],
} if {
	tool == "write_file"
	regex.match(card, args.content)
}

else := {"outcome": "allow", "reason": "ok"} if tool in {"directory_tree", "list_directory", "read_text_file", "write_file"}
