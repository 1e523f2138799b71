# Which class of agent may use which capability. No tool is named here: that is the registry's part.
package lab.access

import data.lab.identity

default allow := false

allow if input.capability_id in identity.class.capabilities
