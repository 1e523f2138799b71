import type { StandingGrant } from '@writ/decision';
import {
  closeLedger,
  derivedSalts,
  ledgerBatchKeys,
  type PersonalFields,
  recordEntry,
  sealFields,
  type Trust,
} from '@writ/ledger';
import { createStanding, revokeStanding, type StandingState, standingKey } from '@writ/state';
import type { Procedure } from '@writ/store';

/** A standing permission is granted by an operator, or ended by somebody. */
export type StandingRequest = {
  readonly id: string;
  readonly tenant?: string;
  readonly by: string;
  readonly comment?: string;
  readonly saltSeed: string;
  readonly trust: Trust;
} & ({ readonly step: 'granted'; readonly grant: StandingGrant } | { readonly step: 'revoked' });

/** Grants or revokes, and puts it on record in the same transaction; null where there was nothing to revoke. */
const standingProcedure: Procedure<StandingRequest, StandingState | null> = {
  name: 'pdp.standing',
  keys: ({ id, tenant }) => [standingKey(tenant, id)],
  run: (transaction, request) => {
    const { id, tenant, by, comment, saltSeed, trust } = request;
    const said = comment === undefined ? {} : { comment };
    const state =
      request.step === 'granted'
        ? createStanding(transaction, { id, granted_by: by, grant: request.grant, ...said })
        : revokeStanding(transaction, standingKey(tenant, id), by);
    if (state === undefined) return null;
    const core = { kind: 'approval', event: `standing_${request.step}`, approval_id: id } as const;
    const fields = standingFields(state, { by, ...said });
    recordEntry(transaction, core, sealFields(fields, derivedSalts(saltSeed)), trust);
    return state;
  },
  afterBatch: closeLedger,
  batchKeys: ledgerBatchKeys,
};

export default standingProcedure;

/** What the record says of a permission. */
export function standingFields(
  { grant, used }: StandingState,
  told: { readonly by: string; readonly comment?: string },
): PersonalFields {
  return {
    approval: { ...told, standing: JSON.parse(JSON.stringify(grant)), used },
    principal: grant.principal,
    actor: grant.actor,
    ...(grant.tenant === undefined ? {} : { tenant: grant.tenant }),
    ...(grant.tool === undefined ? {} : { tool: grant.tool }),
  };
}
