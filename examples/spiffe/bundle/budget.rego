# How many calls a session may make, by class. An unknown class has no budget.
package fleet.budget

import data.fleet.identity

default allow := false

allow if input.session_request_count < identity.class.requests_per_session

deny_reason := "session_budget_exhausted" if {
	input.session_request_count >= identity.class.requests_per_session
}

deny_reason := "class_unknown" if not identity.class
