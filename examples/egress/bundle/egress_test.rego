package egress_test

import data.egress

ask(tenant, host) := answer if {
	answer := egress.allow with input as {"tenant": tenant, "request": {"host": host}}
}

test_listed_host if ask("acme", "api.stripe.com").allow

test_host_names_have_no_case if ask("acme", "API.Stripe.com").allow

test_below_a_listed_domain if ask("acme", "files.eu.acme.example").allow

test_the_domain_itself_is_not_below_it if not ask("acme", "acme.example").allow

test_a_lookalike_is_not_below_it if not ask("acme", "evil-acme.example").allow

test_another_tenants_host if ask("globex", "api.stripe.com").reason == "destination_not_listed"

test_nothing_known_no_opinion if not egress.allow with input as {}
