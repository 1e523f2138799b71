# Notes go to a ticket that customers read: card numbers are taken out on the way. Billing data needs clearance.
package support.privacy

card := `\b(?:\d[ -]?){13,16}\b`

cleared(class) if class in input.principal.data_classifications_authorized

decision := {"outcome": "deny", "reason": "data_class_not_authorized", "remediation": "request_elevated_data_access"} if {
	some class in input.action.data_classes_referenced
	class == "billing"
	not cleared(class)
}

else := {"outcome": "sanitize", "reason": "card_number_in_note", "redact": ["/note"]} if {
	input.action.tool == "add_note"
	regex.match(card, input.action.args.note)
}

else := {"outcome": "allow", "reason": "nothing_sensitive"}
