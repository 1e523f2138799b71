import type { Json, JsonObject } from '@writ/decision';
import type { Core } from './core.ts';
import { bundleOf, evaluateIn } from './evaluate-rule.ts';

/** Where OPA asks about requests to its own API. (https://www.openpolicyagent.org/docs/security#authentication-and-authorization) */
export const AUTHORIZATION_PATH = 'system/authz/allow';

/** Whether a request to the API may go on, and why not. */
export type ApiVerdict = { readonly ok: true } | { readonly ok: false; readonly reason: string };

/**
 * Asks `data.system.authz.allow` about a request to the API. Only an explicit yes counts: `true`, or an object with
 * `allowed: true`. Undefined, any other answer, a fault, no active policies and a rule of a third party refuse.
 */
export async function authorizeRequest(core: Core, input: JsonObject): Promise<ApiVerdict> {
  const hold = core.source.hold();
  if (hold === undefined) return refused('no policies are active');
  try {
    const owner = bundleOf(hold.set, AUTHORIZATION_PATH);
    const bundle = hold.set.bundles.find(({ name }) => name === owner);
    if (bundle === undefined || bundle.thirdParty)
      return refused(`no bundle holds \`${AUTHORIZATION_PATH}\``);
    const question = { path: AUTHORIZATION_PATH, input };
    const answer = await evaluateIn(hold.set, question, core.clock.nowMs(), core.limits.decisionMs);
    if (answer.kind === 'error') return refused('the policy about this API failed');
    return answer.kind === 'value' ? verdictOf(answer.value) : refused('no policy permits this request');
  } finally {
    hold.release();
  }
}

function verdictOf(value: Json): ApiVerdict {
  if (value === true) return { ok: true };
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    return refused('no policy permits this request');
  const { allowed, reason } = value as JsonObject;
  if (allowed === true) return { ok: true };
  return refused(typeof reason === 'string' ? reason : 'no policy permits this request');
}

function refused(reason: string): ApiVerdict {
  return { ok: false, reason };
}
