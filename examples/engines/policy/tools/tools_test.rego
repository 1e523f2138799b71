package tools_test

import data.tools

test_support_may_refund if {
	tools.decision.allow with input as {"actor": {"class": "support"}, "action": {"tool": "refund"}}
}

test_others_may_not if not tools.decision with input as {"actor": {"class": "guest"}, "action": {"tool": "refund"}}
