import type { Decision, Json } from '../contract.ts';
import { authzenV1 } from './authzen-v1.ts';
import { envoyV3 } from './envoy-v3.ts';
import { gatewayV1 } from './gateway-v1.ts';
import { paramsV1 } from './params-v1.ts';
import type { Profile, ProfileName } from './profile.ts';
import { goesOnUnchanged, reasonFor } from './reading.ts';
import { spiffeV1 } from './spiffe-v1.ts';
import { toolsV1 } from './tools-v1.ts';
import { writV1 } from './writ-v1.ts';

/** Every input profile. */
export const PROFILES: Readonly<Record<ProfileName, Profile>> = Object.freeze({
  'writ/v1': writV1,
  'tools/v1': toolsV1,
  'gateway/v1': gatewayV1,
  'params/v1': paramsV1,
  'spiffe/v1': spiffeV1,
  'envoy/v3': envoyV3,
  'authzen/v1': authzenV1,
});

/** The profile of this name; undefined where there is none. */
export function profileNamed(name: string): Profile | undefined {
  return Object.hasOwn(PROFILES, name) ? PROFILES[name as ProfileName] : undefined;
}

/** Answers by the name of the rule that was asked: callers test a rule called `allow` for truth, whatever its profile. */
const ANSWER_OF_RULE: Readonly<Record<string, (decision: Decision) => Json | undefined>> = Object.freeze({
  allow: goesOnUnchanged,
  allowed: goesOnUnchanged,
  deny: refusals,
  violation: refusals,
  violations: refusals,
  deny_reason: (decision: Decision) => (goesOnUnchanged(decision) ? undefined : reasonFor(decision)),
});

function refusals(decision: Decision): Json {
  if (goesOnUnchanged(decision)) return [];
  const said = decision.reasons.filter((reason) => reason.outcome !== 'allow');
  return said.length === 0 ? [reasonFor(decision)] : said.map((reason) => reason.message ?? reason.code);
}

/**
 * What the data API answers for a decision: by the name of the rule (last step of the path) where that fixes the
 * shape, else by the profile. Undefined means that the answer holds no `result`.
 */
export function dataAnswer(profile: Profile, rule: string, decision: Decision): Json | undefined {
  const byRule = Object.hasOwn(ANSWER_OF_RULE, rule) ? ANSWER_OF_RULE[rule] : undefined;
  if (byRule !== undefined) return byRule(decision);
  if (profile.name === 'spiffe/v1' && (rule === 'decision' || rule === 'outcome')) return wordFor(decision);
  return profile.toAnswer(decision);
}

function wordFor(decision: Decision): Json {
  if (goesOnUnchanged(decision)) return 'allow';
  return decision.outcome === 'step_up' ? 'step_up' : 'deny';
}
