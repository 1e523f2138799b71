# How many calls a session may make, by class.
package lab.budget

import data.lab.identity

default allow := false

allow if input.session_request_count < identity.class.requests_per_session

deny_reason := "session_budget_exhausted" if {
	input.session_request_count >= identity.class.requests_per_session
}
