import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { verifyLog } from '@writ/ledger';
import { afterEach, describe, expect, it } from 'vitest';
import { guard } from '../src/index.ts';
import { LocalError, openLocal } from '../src/local/index.ts';

const bundle = join(import.meta.dirname, '../../../examples/tutorial/bundle');
const folders: string[] = [];
const folder = (): string => {
  const made = mkdtempSync(join(tmpdir(), 'writ-local-'));
  folders.push(made);
  return made;
};
afterEach(() => {
  for (const made of folders.splice(0)) rmSync(made, { recursive: true, force: true });
});

describe('a decision point in this process', () => {
  it('[P-DENY-AS-RESULT] guards plain functions, and the record verifies afterwards', async () => {
    const dataDirectory = folder();
    const local = await openLocal({ bundles: [bundle], dataDirectory });
    const refunded: number[] = [];
    const tools = guard(
      {
        'refund.issue': ({ amount_cents }: { amount_cents: number }) => {
          refunded.push(amount_cents);
          return `refunded ${amount_cents}`;
        },
      },
      {
        point: local.point,
        principal: { id: 'user:42', scopes: ['write:refund'] },
        actor: { id: 'agent:ops' },
      },
    );
    expect(await tools['refund.issue']({ amount_cents: 90_000 })).toMatch(/^TOOL_DENIED: amount_over_limit/);
    expect(await tools['refund.issue']({ amount_cents: 100 })).toBe('refunded 100');
    await local.close();
    expect(refunded).toEqual([100]);
    const key = readFileSync(join(dataDirectory, 'ledger.vkey'), 'utf8').trim();
    expect(verifyLog({ directory: dataDirectory, verifierKeys: [key] })).toMatchObject({
      ok: true,
      problem_count: 0,
    });
  });

  it('[P-APPROVAL-ONCE] lets an approved call through when it is repeated, once', async () => {
    const local = await openLocal({ bundles: [bundle], dataDirectory: folder() });
    let deleted = 0;
    const tools = guard(
      { 'db.delete': ({ id }: { id: number }) => `deleted ${id}, ${++deleted} in all` },
      {
        point: local.point,
        principal: { id: 'user:42', scopes: ['write:destructive'] },
        actor: { id: 'agent:ops' },
      },
    );
    expect(await tools['db.delete']({ id: 7 })).toMatch(/^APPROVAL_PENDING: human_approval_required/);
    const { approvals } = local.point.administration;
    const [pending] = await approvals.list({ status: 'pending' });
    expect(await approvals.approve(pending?.id ?? '', 'operator')).toMatchObject({ ok: true });
    expect(await tools['db.delete']({ id: 8 })).toMatch(/^APPROVAL_PENDING/);
    expect(await tools['db.delete']({ id: 7 })).toBe('deleted 7, 1 in all');
    expect(await tools['db.delete']({ id: 7 })).toMatch(/^APPROVAL_PENDING/);
    expect(deleted).toBe(1);
    await local.close();
  });

  it('does not open with policies that do not compile, and says where', async () => {
    const policies = folder();
    writeFileSync(join(policies, 'policy.rego'), 'package main\n\nallow if input.x ==\n');
    const opened = openLocal({ bundles: [policies], dataDirectory: folder() });
    await expect(opened).rejects.toBeInstanceOf(LocalError);
    await expect(opened).rejects.toMatchObject({
      code: 'policies_invalid',
      message: expect.stringContaining('policy.rego'),
    });
  });

  it('is a client where another process or point owns the data', async () => {
    const dataDirectory = folder();
    const owner = await openLocal({ bundles: [bundle], dataDirectory });
    const second = await openLocal({ bundles: [bundle], dataDirectory });
    expect([owner.store.role, second.store.role]).toEqual(['owner', 'client']);
    await second.close();
    await owner.close();
  });
});

describe('a data directory that others can write', () => {
  const open = async (dataDirectory: string, trust: 'cooperative' | 'enforced') => {
    const local = await openLocal({ bundles: [bundle], dataDirectory, trust });
    await local.close();
  };

  it.skipIf(process.platform === 'win32')('[P-TRUST-HELD] is never said to be enforced', async () => {
    const parent = folder();
    const data = join(parent, 'data');
    mkdirSync(data, { mode: 0o700 });
    await open(data, 'enforced');
    for (const [path, mode] of [
      [data, 0o777],
      [data, 0o770],
      [parent, 0o707],
    ] as const) {
      chmodSync(path, mode);
      await expect(open(data, 'enforced')).rejects.toMatchObject({ code: 'data_unavailable' });
      await open(data, 'cooperative');
      chmodSync(path, 0o700);
    }
    await open(data, 'enforced');
  });
});
