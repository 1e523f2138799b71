# Numbers of payment cards leave nobody's hands: they are taken out of free text on its way.
package compliance.privacy

card := `\b(?:\d[ -]?){13,16}\b`

# Only fields that hold text for people: a path or an id may look like a card number.
fields contains pointer if {
	walk(input.action.args, [path, value])
	path[count(path) - 1] in data.compliance.card_number_fields
	is_string(value)
	regex.match(card, value)
	pointer := concat("", [part |
		some step in path
		part := concat("", ["/", replace(replace(sprintf("%v", [step]), "~", "~0"), "/", "~1")])
	])
}

decision := {"outcome": "sanitize", "reason": "card_number_removed", "redact": sort(fields)} if count(fields) > 0

else := true
