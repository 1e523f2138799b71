import { type RevocationTarget, restore, revocationKey, revoke } from '@writ/state';
import { type SwitchRequest, switchProcedure } from './switch-procedure.ts';

/** An agent or principal to be revoked, or restored. */
export type RevocationRequest = SwitchRequest<RevocationTarget, 'revoked' | 'restored'>;

export default switchProcedure<RevocationTarget, RevocationRequest['event']>({
  name: 'pdp.revocation',
  on: 'revoked',
  key: revocationKey,
  set: revoke,
  lift: restore,
  entry: (event) => ({ kind: 'administrative', event }),
});
