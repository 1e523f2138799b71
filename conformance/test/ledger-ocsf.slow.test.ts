import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  directorySink,
  exportEntries,
  LEDGER_PROCEDURES,
  openFileSigner,
  randomSalts,
  sealFields,
  startCheckpointer,
} from '@writ/ledger';
import { openStore } from '@writ/store';
import { findPython } from '@writ/testing';
import { expect, it } from 'vitest';

const PACKAGES = ['ocsf-json-schema==1.2.0', 'jsonschema==4.26.0'];
const CACHE = join(import.meta.dirname, '../../node_modules/.cache/writ');
const NEVER_MS = 2_000_000_000;

/** Validates lines against OCSF's own schema of the class, and prints what is wrong. */
const VALIDATE = `
import json, sys
from jsonschema import Draft202012Validator
from ocsf_json_schema import get_ocsf_schema, OcsfJsonSchemaEmbedded
schemas = OcsfJsonSchemaEmbedded(get_ocsf_schema(version="1.6.0"))
validator = Draft202012Validator(schemas.get_class_schema("api_activity", ["security_control"]))
for number, line in enumerate(sys.stdin):
    for error in validator.iter_errors(json.loads(line)):
        print(number, "/".join(str(part) for part in error.path), error.message)
`;

it("events for OCSF are valid by OCSF's own schema of API Activity", async (context) => {
  const found = await findPython(PACKAGES, CACHE);
  if ('skip' in found) return context.skip(found.skip);
  const root = mkdtempSync(join(tmpdir(), 'writ-ocsf-'));
  const directory = join(root, 'data');
  const store = await openStore({ directory, procedures: LEDGER_PROCEDURES });
  try {
    const salts = randomSalts();
    const decision = { kind: 'decision', phase: 'call', codes: ['a', 'b'] };
    const entries = ['allow', 'sanitize', 'escalate', 'step_up', 'deny'].flatMap((outcome, each) => [
      {
        core: {
          ...decision,
          decision_id: `dec-${each}`,
          outcome,
          effect: outcome === 'allow' ? 'proceed' : 'refuse',
        },
        sealed: sealFields(
          {
            ...{
              principal: 'user:ann',
              tenant: 'acme',
              actor: 'agent:a',
              tool: 'crm.read',
              server: 'crm',
              session: 's',
            },
            operation: ['read', 'create', 'update', 'delete', 'refund'][each] ?? '',
            resources: [{ id: 'cust-1', type: 'customer' }, { id: 'x' }],
            destination: { scheme: 'https', host: 'api.example.com', port: 443 },
            ...{ trace: '0af7651916cd43dd8448eb211c80319c', point: 'gate' },
          },
          salts,
        ),
      },
      { core: { ...decision, decision_id: `dec-bare-${each}`, outcome, effect: 'refuse' }, sealed: [] },
    ]);
    await store.call('ledger.append', { entries, trust: 'enforced' });
    const signer = openFileSigner(join(root, 'keys'), { name: 'log.test/ocsf' });
    const checkpointer = startCheckpointer({
      store,
      signer,
      directory,
      trust: 'enforced',
      intervalMs: NEVER_MS,
    });
    await checkpointer.publish();
    await checkpointer.close();
    const out = join(root, 'out');
    const report = await exportEntries({
      ...{
        directory,
        form: 'ocsf',
        sink: directorySink(out),
        positionFile: join(root, 'position'),
        version: '1',
      },
    });
    expect(report.events).toBe(10);
    const events = readdirSync(out)
      .map((name) => readFileSync(join(out, name), 'utf8'))
      .join('');
    const check = async (input: string): Promise<string> => {
      const child = spawn(found.python, ['-c', VALIDATE], { stdio: ['pipe', 'pipe', 'inherit'] });
      let output = '';
      child.stdout.on('data', (text) => {
        output += text;
      });
      child.stdin.end(input);
      const [code] = await once(child, 'close');
      expect(code).toBe(0);
      return output;
    };
    expect(await check(events)).toBe('');
    expect(await check(events.replace('"severity_id":1', '"severity_id":"low"'))).toContain('severity_id');
  } finally {
    await store.close();
    rmSync(root, { recursive: true, force: true });
  }
});
