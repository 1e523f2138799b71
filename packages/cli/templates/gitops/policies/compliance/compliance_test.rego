package compliance_test

import data.compliance

ask(classes, region) := {"action": {"data_classes_referenced": classes}, "environment": {"region": region}}

test_personal_data_stays if {
	some violation in compliance.deny with input as ask(["personal"], "us-east-1")
	violation.reason == "region_not_permitted"
}

test_personal_data_in_its_region if count(compliance.deny) == 0 with input as ask(["personal"], "eu-west-1")

test_other_data if count(compliance.deny) == 0 with input as ask(["public"], "us-east-1")
