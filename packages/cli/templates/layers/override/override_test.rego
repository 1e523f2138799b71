package override_test

import data.override.exceptions

test_every_exception_is_listed if exceptions.decision.lift == data.override.stated

day_ns := ((24 * 60) * 60) * 1000000000

# Small: what everybody may do is a rule. Expiring: what lasts is a rule as well.
test_exceptions_are_narrow_and_short if {
	every exception in exceptions.decision.lift {
		count(exception.actors) + count(exception.principals) > 0
		count(exception.justification) > 20
		from := time.parse_ns("2006-01-02", exception.approved_at)
		until := time.parse_ns("2006-01-02", exception.expires)
		until - from <= 92 * day_ns
	}
}
