# What law and contract forbid, whatever other layers allow.
package compliance

# Classes of data and the regions that they may be processed in.
regions := {"personal": {"eu-west-1", "eu-central-1"}}

deny contains {"reason": "region_not_permitted", "message": sprintf("%s data stays in %v", [class, regions[class]])} if {
	some class in input.action.data_classes_referenced
	regions[class]
	not input.environment.region in regions[class]
}
