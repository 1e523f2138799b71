# Where models may be. The host is what the registry says, not what a caller says.
package lab.destination

default allow := false

allow if input.destination_host in data.lab.approved_destinations

deny_reason := "destination_not_approved" if not allow
