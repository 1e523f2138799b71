# A change of a fleet of agents, reviewed as a whole: which services it touches, whom it needs, what stands against it.
# Written as such policies are: sets of violations with messages, comprehensions over lists of the request, helper
# functions, tables in the policy itself.
package review

severities := {"low": 1, "medium": 2, "high": 3, "critical": 4}

environments := {
	"development": {"approvals": 0, "freeze": false, "budget": 10000},
	"staging": {"approvals": 1, "freeze": false, "budget": 5000},
	"production": {"approvals": 2, "freeze": true, "budget": 2000},
}

regions := {
	"eu-west": {"residency": "eu", "zones": {"a", "b", "c"}},
	"eu-central": {"residency": "eu", "zones": {"a", "b"}},
	"us-east": {"residency": "us", "zones": {"a", "b", "c", "d"}},
}

classes := {
	"public": {"rank": 0, "residency": set()},
	"internal": {"rank": 1, "residency": set()},
	"personal": {"rank": 2, "residency": {"eu"}},
	"secret": {"rank": 3, "residency": {"eu"}},
}

forbidden_capabilities := {"shell.root", "network.any", "files.write_all"}

required_labels := {"owner", "cost_centre", "service"}

trusted_registries := ["registry.example/", "mirror.example/"]

environment := environments[input.environment]

# What the change adds or alters.

changed contains service.name if {
	some service in input.services
	service.change != "none"
}

removed contains service.name if {
	some service in input.services
	service.change == "remove"
}

changed_services := [service |
	some service in input.services
	service.name in changed
]

instances_by_region := {region: count(names) |
	some region, _ in regions
	names := [service.name |
		some service in changed_services
		region in service.regions
	]
}

cost := sum([amount |
	some service in changed_services
	not service.name in removed
	amount := service.replicas * service.cost_per_replica
])

owners := {service.labels.owner |
	some service in changed_services
	service.labels.owner
}

finding_ranks := {severities[finding.severity] |
	some finding in input.findings
	not finding.waived
}

worst_finding := max(finding_ranks) if count(finding_ranks) > 0

approvers := {approval.by |
	some approval in input.approvals
	approval.change == input.change
	approval.by != input.author
}

# Small questions.

is_trusted_image(image) if {
	some registry in trusted_registries
	startswith(image, registry)
	contains(image, "@sha256:")
}

missing_labels(service) := required_labels - {name | some name, _ in service.labels}

residencies(service) := {regions[region].residency | some region in service.regions}

allowed_residencies(service) := union({classes[class].residency | some class in service.data_classes})

reaches_secret(service) if {
	some class in service.data_classes
	classes[class].rank >= 3
}

message(kind, name, detail) := concat(": ", [kind, name, detail])

# What stands against it.

violations contains message("environment", input.environment, "is not known") if {
	not environments[input.environment]
}

violations contains message("labels", service.name, concat(",", sort(missing))) if {
	some service in changed_services
	not service.name in removed
	missing := missing_labels(service)
	count(missing) > 0
}

violations contains message("image", service.name, container.image) if {
	some service in changed_services
	some container in service.containers
	not is_trusted_image(container.image)
}

violations contains message("capability", service.name, capability) if {
	some service in changed_services
	some container in service.containers
	some capability in container.capabilities
	capability in forbidden_capabilities
}

violations contains message("memory", service.name, container.name) if {
	some service in changed_services
	some container in service.containers
	not container.memory_mib
}

violations contains message("memory", service.name, container.name) if {
	some service in changed_services
	some container in service.containers
	container.memory_mib > 4096
	not reaches_secret(service)
}

violations contains message("residency", service.name, concat(",", sort(outside))) if {
	some service in changed_services
	allowed := allowed_residencies(service)
	count(allowed) > 0
	outside := residencies(service) - allowed
	count(outside) > 0
}

violations contains message("region", service.name, region) if {
	some service in changed_services
	some region in service.regions
	not regions[region]
}

violations contains message("zone", service.name, zone) if {
	some service in changed_services
	some region in service.regions
	some zone in service.zones
	not zone in regions[region].zones
}

violations contains message("dependency", service.name, dependency) if {
	some service in changed_services
	some dependency in service.depends_on
	dependency in removed
}

violations contains message("dependency", service.name, dependency) if {
	some service in changed_services
	some dependency in service.depends_on
	not dependency in all_names
}

violations contains message("replicas", service.name, "production runs at least two") if {
	input.environment == "production"
	some service in changed_services
	not service.name in removed
	service.replicas < 2
}

violations contains message("port", service.name, "is taken twice") if {
	some service in changed_services
	ports := [port | some container in service.containers; some port in container.ports]
	count(ports) > count({port | some port in ports})
}

violations contains message("finding", finding.id, finding.severity) if {
	some finding in input.findings
	severities[finding.severity] >= 3
	not finding.waived
}

violations contains message("cost", input.environment, "is above its budget") if {
	cost > environment.budget
}

violations contains message("window", input.environment, "is frozen") if {
	environment.freeze
	input.calendar.frozen
	not input.emergency
}

all_names := {service.name | some service in input.services}

# What the change needs before it may go on.

needs contains "security" if {
	some service in changed_services
	reaches_secret(service)
}

needs contains "security" if worst_finding >= 2

needs contains "finance" if cost * 2 > environment.budget

needs contains "privacy" if {
	some service in changed_services
	"personal" in service.data_classes
}

needs contains owner if some owner in owners

missing_approvals := environment.approvals - count(approvers)

lacking := needs - {team |
	some approval in input.approvals
	approval.by in approvers
	some team in approval.teams
}

default outcome := "deny"

outcome := "allow" if {
	count(violations) == 0
	missing_approvals <= 0
	count(lacking) == 0
}

outcome := "escalate" if {
	count(violations) == 0
	not complete
}

complete if {
	missing_approvals <= 0
	count(lacking) == 0
}

decision := {
	"outcome": outcome,
	"violations": violations,
	"needs": needs,
	"lacking": lacking,
	"cost": cost,
	"instances": instances_by_region,
}
