# Which classes of data may go to which models, in which regions. A class that is not listed goes nowhere.
package compliance.models

name := concat("/", [input.action.provider, input.action.model])

default region := null

region := input.action.region

region := input.environment.region if not input.action.region

rules := data.compliance.data_classes

model_fits(class) if name in rules[class].models

region_fits(class) if region in rules[class].regions

deny contains {
	"reason": "model_not_for_this_data",
	"message": sprintf("data of class %q may not go to this model", [class]),
	"remediation": "use a model that compliance/data.json lists for it",
} if {
	some class in input.action.data_classes_referenced
	not model_fits(class)
}

deny contains {
	"reason": "region_not_for_this_data",
	"message": sprintf("data of class %q may not leave its regions", [class]),
	"remediation": "use the model in a region that compliance/data.json lists for it",
} if {
	some class in input.action.data_classes_referenced
	not region_fits(class)
}
