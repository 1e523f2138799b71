import { rateOf } from './rate-rule.ts';
import type { Registry, Tightening } from './registry-model.ts';
import { ANY_NAME } from './registry-schema.ts';
import { Unresolvable } from './resolve-arguments.ts';
import type { RateRule, ResolveCall } from './resolved-capability.ts';

/** What third parties add to a call of their servers' tools. */
export interface Tightened {
  readonly bundle: string;
  readonly capability: string;
  readonly data_classes: readonly string[];
  readonly step_up: boolean;
  readonly step_up_method?: string;
  readonly rate?: RateRule;
}

/** The entries of third parties that a call falls under: each only adds to what else is asked of it. */
export function tightenCall(registry: Registry, call: ResolveCall): readonly Tightened[] {
  const { server, tool } = call;
  if (server === undefined || tool === undefined) return [];
  const applies = (each: Tightening): boolean =>
    each.server === server && (each.tool === tool || each.tool === ANY_NAME);
  return registry.tightenings.filter(applies).map(({ bundle, capability, dataClasses }) => {
    // A pointer of a third party's that leads to no number reserves nothing; the limit itself stays.
    const asked = rateOf(capability, `${bundle}:${capability.id}`, call.args ?? {});
    const rate = asked instanceof Unresolvable ? rateOf(capability, `${bundle}:${capability.id}`, {}) : asked;
    return {
      bundle,
      capability: capability.id,
      data_classes: dataClasses,
      step_up: capability.stepUp,
      ...(capability.stepUpMethod === undefined ? {} : { step_up_method: capability.stepUpMethod }),
      ...(rate === undefined || rate instanceof Unresolvable ? {} : { rate }),
    };
  });
}
