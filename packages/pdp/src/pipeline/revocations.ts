import type { RevocationTarget } from '@writ/state';
import type { Core } from './core.ts';
import { commitFault } from './faults.ts';
import type { RevocationRequest } from './revocation-procedure.ts';
import type { ActOutcome } from './service.ts';

/** Revokes or restores somebody, on record. */
export async function changeRevocation(
  core: Core,
  target: RevocationTarget,
  event: RevocationRequest['event'],
  by: string,
  reason: string | undefined,
): Promise<ActOutcome> {
  const request: RevocationRequest = {
    target,
    event,
    by,
    reason: reason ?? `${event} by ${by}`,
    saltSeed: core.saltSeed(),
    trust: core.trust,
  };
  try {
    await core.store.call('pdp.revocation', request);
    return { ok: true };
  } catch (thrown) {
    return { ok: false, ...commitFault(thrown) };
  }
}
