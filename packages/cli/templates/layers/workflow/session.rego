# An agent that runs away is stopped: so many calls in a session, of one tool in a row, so many tokens, so long. Writ
# counts these itself; what nothing has counted yet is absent, and no objection.
package workflow.session

limits := data.workflow.limits

deny contains {
	"reason": "too_many_calls",
	"message": sprintf("this session has made its %d calls", [limits.calls]),
	"remediation": "begin a new session",
} if {
	input.context.request_count >= limits.calls
}

deny contains {
	"reason": "too_many_calls_in_a_row",
	"message": sprintf("the same tool %d times in a row", [limits.calls_in_row]),
	"remediation": "do something else with what the calls before gave",
} if {
	input.context.calls_in_row >= limits.calls_in_row
}

deny contains {
	"reason": "too_many_tokens",
	"message": sprintf("this session has used its %d tokens", [limits.tokens]),
	"remediation": "begin a new session with a summary",
} if {
	input.context.cumulative_tokens >= limits.tokens
}

deny contains {
	"reason": "session_too_long",
	"message": sprintf("this session is older than %d seconds", [limits.session_seconds]),
	"remediation": "begin a new session",
} if {
	input.context.session_age_seconds > limits.session_seconds
}
