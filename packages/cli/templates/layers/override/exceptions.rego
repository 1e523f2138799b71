# Exceptions: each for named people, agents and tools, with a justification, somebody who approved it, and an end. They
# lift reasons of resource and workflow policies, never those of identity and compliance. They are data, not rules, so
# that `writ layers --overrides` can list every one.
package override.exceptions

decision := {"lift": data.override.stated}
