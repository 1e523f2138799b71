import type { JsonObject } from '@writ/decision';
import type { Capability } from './registry-model.ts';
import { numberAt, Unresolvable } from './resolve-arguments.ts';
import type { RateRule } from './resolved-capability.ts';

/** The rate that a call of a capability has to keep to, if there is one. */
export function rateOf(
  { rateLimit }: Capability,
  name: string,
  args: JsonObject,
): RateRule | undefined | Unresolvable {
  if (rateLimit === undefined) return undefined;
  const { requests_per_minute, tokens_per_minute, per = 'tenant', tokens_reserved = 0 } = rateLimit;
  const reserved = numberAt(tokens_reserved, args, 'number of tokens');
  if (reserved instanceof Unresolvable) return reserved;
  return {
    name,
    per,
    ...(requests_per_minute === undefined ? {} : { requests_per_minute }),
    ...(tokens_per_minute === undefined ? {} : { tokens_per_minute }),
    tokens_reserved: reserved ?? 0,
  };
}
