package workflow_test

import data.workflow.session
import data.workflow.spending

limits := {"calls": 3, "calls_in_row": 2, "tokens": 100, "session_seconds": 60}

reasons(context) := {objection.reason | some objection in objections} if {
	objections := session.deny with input as {"context": context} with data.workflow.limits as limits
}

test_new_session if {
	reasons({}) == set()
	reasons({"request_count": 2, "calls_in_row": 1, "cumulative_tokens": 99, "session_age_seconds": 60}) == set()
}

test_calls if reasons({"request_count": 3}) == {"too_many_calls"}

test_calls_in_row if reasons({"calls_in_row": 2}) == {"too_many_calls_in_a_row"}

test_tokens if reasons({"cumulative_tokens": 100}) == {"too_many_tokens"}

test_time if reasons({"session_age_seconds": 61}) == {"session_too_long"}

test_all_at_once if {
	context := {"request_count": 9, "calls_in_row": 9, "cumulative_tokens": 900, "session_age_seconds": 900}
	count(reasons(context)) == 4
}

spent(used) := answer if {
	answer := spending.decision with input as {"context": {"budgets": {"weekly calls": {"used": used, "limit": 100}}}}
}

test_under_the_share if spent(79) == true

test_no_budgets if spending.decision == true with input as {"context": {}}

test_from_the_share_on if {
	spent(80).reason == "budget_nearly_used"
	{duty.type | some duty in spent(80).obligations} == {"audit", "notify"}
	spent(80).obligations[0].properties.budgets == ["weekly calls"]
}

test_it_never_grants_more_than_it_was_asked if spent(80).outcome == "allow"
