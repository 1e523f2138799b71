import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect, guard } from '@writ/sdk';
import { openLocal } from '@writ/sdk/local';

// An agent's tools, as they were before: functions of one object.
const tools = {
  'refund.issue': ({ order_id, amount_cents }: { order_id: string; amount_cents: number }) =>
    `refunded ${amount_cents} cents of ${order_id}`,
  'db.delete': ({ table }: { table: string }) => `deleted ${table}`,
};

// The decision point: the service at WRIT_URL, else one in this process with the tutorial's policies.
const url = process.env['WRIT_URL'];
const dataDirectory = mkdtempSync(join(tmpdir(), 'writ-example-sdk-'));
const local =
  url === undefined
    ? await openLocal({ bundles: [join(import.meta.dirname, '../tutorial/bundle')], dataDirectory })
    : undefined;
const point = local?.point ?? connect({ url: url ?? '' });

try {
  const guarded = guard(tools, {
    point,
    principal: { id: 'user:42', scopes: ['write:refund', 'write:destructive'] },
    actor: { id: 'agent:ops' },
  });
  // What a loop would hand back to the model as the tool's result:
  console.log(await guarded['refund.issue']({ order_id: 'o-1', amount_cents: 900 }));
  console.log(await guarded['refund.issue']({ order_id: 'o-1', amount_cents: 90_000 }));
  console.log(await guarded['db.delete']({ table: 'orders_2019' }));
} finally {
  await point.close();
  await local?.close();
  rmSync(dataDirectory, { recursive: true, force: true });
}
