import type { DecideCall } from '@writ/decision';
import { LEDGER_PROCEDURES } from '@writ/ledger';
import { openStore, type Store } from '@writ/store';
import { type PostgresServer, postgresMissing, startPostgres } from '@writ/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createPolicySource } from '../../src/layers/policy-source.ts';
import { createDecisionPoint } from '../../src/pipeline/create-decision-point.ts';
import { DECISION_PROCEDURES } from '../../src/pipeline/procedures.ts';
import { ALLOW_ALL, policySetOf } from './support.ts';

const missing = postgresMissing();
const why = missing === undefined ? '' : ` (skipped: ${missing})`;

const CALL: DecideCall = {
  request: {
    principal: { id: 'user:alice', tenant: 'acme' },
    actor: { id: 'agent:finance' },
    delegation: [{ id: 'agent:planner' }, { id: 'agent:finance' }],
    action: { type: 'tool_call', phase: 'call', tool: 'pay', server: 'bank', args: {} },
  },
};

describe.skipIf(missing !== undefined)(`revocation on one PostgreSQL${why}`, () => {
  let server: PostgresServer;
  beforeAll(async () => {
    server = await startPostgres();
  });
  afterAll(() => server?.stop());

  it('[P-REVOKED] that one node writes holds in the next commit of another', async () => {
    const url = server.url('revoked');
    const procedures = [...DECISION_PROCEDURES, ...LEDGER_PROCEDURES];
    const open = (): Promise<Store> => openStore({ directory: '/nonexistent', postgres: url, procedures });
    const stores = [await open(), await open()];
    const [one, other] = stores.map((store) => {
      const policies = createPolicySource(policySetOf([ALLOW_ALL]));
      return createDecisionPoint({ store, policies });
    });
    try {
      expect(await other?.decide(CALL)).toMatchObject({ outcome: 'allow' });
      await one?.administration.revoke({ kind: 'actor', id: 'agent:planner' }, 'operator');
      expect(await other?.decide(CALL)).toMatchObject({ effect: 'refuse', reason: 'parent_revoked' });
      await one?.administration.restore({ kind: 'actor', id: 'agent:planner' }, 'operator');
      expect(await other?.decide(CALL)).toMatchObject({ outcome: 'allow' });
    } finally {
      for (const store of stores) await store.close();
    }
  });
});
