# Which model providers may see the data of which class.
package fleet.models

import data.fleet.identity

default allow := false

allow if input.model_provider in identity.class.providers

deny_reason := "provider_not_permitted" if not allow
