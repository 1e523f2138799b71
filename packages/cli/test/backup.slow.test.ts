import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { openLocal } from '@writ/sdk/local';
import { expect, it } from 'vitest';
import { EXIT } from '../src/index.ts';
import { REPOSITORY, runWrit, temporaryFolder } from './support/run-writ.ts';

it('[P-STORE-BACKUP] a backup of a running decision point is restored, and its record verifies', async () => {
  const folder = temporaryFolder();
  const [data, copy, restored] = ['data', 'copy', 'restored'].map((name) => join(folder, name)) as [
    string,
    string,
    string,
  ];
  const local = await openLocal({
    bundles: [join(REPOSITORY, 'examples/tutorial/bundle')],
    dataDirectory: data,
  });
  const request = {
    principal: { id: 'user:42', kind: 'user', scopes: ['read'] },
    actor: { id: 'agent:ops' },
    action: { type: 'tool_call', phase: 'call', tool: 'db.read', args: { table: 'orders' } },
  } as const;
  const { decision_id } = await local.point.decide({ request });
  const backedUp = await runWrit(['backup', copy, '--data', data]);
  await local.close();
  expect([backedUp.status, backedUp.stdout]).toEqual([
    EXIT.ok,
    expect.stringMatching(/^Backed up \d+ entries/),
  ]);
  expect(existsSync(join(copy, 'credentials'))).toBe(false);
  expect((await runWrit(['restore', copy, '--data', restored])).status).toBe(EXIT.ok);
  expect((await runWrit(['restore', copy, '--data', restored])).status).toBe(EXIT.unavailable);
  const again = await openLocal({
    bundles: [join(REPOSITORY, 'examples/tutorial/bundle')],
    dataDirectory: restored,
  });
  const shown = await again.point.administration.log.show(decision_id);
  await again.close();
  expect(shown.map(({ core }) => core.outcome)).toEqual(['allow']);
});
