import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { findPython, type RunningWrit, startWrit } from '@writ/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const run = promisify(execFile);
const root = join(import.meta.dirname, '../..');
const CLIENTS = { '@open-policy-agent/opa': '2.0.0', '@styra/opa': '1.7.10' } as const;
const PATH = 'agent/tools/decision';
const identity = { sub: 'agent:ops', scopes: ['read'], delegated_by: 'user:42' };
const ALLOWED = { tool: 'db.read', arguments: { table: 'orders' }, identity };
const REFUSED = { ...ALLOWED, tool: 'shell.exec' };

/** A folder with the clients from npm, made once and kept; or why there is none. */
async function npmClients(): Promise<{ readonly folder: string } | { readonly skip: string }> {
  const wanted = Object.entries(CLIENTS).map(([name, version]) => `${name}@${version}`);
  const folder = join(root, '.cache', `npm-${wanted.join('-').replace(/[^\w.-]/g, '')}`);
  if (existsSync(folder)) return { folder };
  const making = `${folder}.${process.pid}`;
  mkdirSync(making, { recursive: true });
  writeFileSync(join(making, 'package.json'), '{"private": true}');
  try {
    await run('npm', [
      'install',
      '--no-audit',
      '--no-fund',
      '--ignore-scripts',
      '--prefix',
      making,
      ...wanted,
    ]);
    renameSync(making, folder);
    return { folder };
  } catch {
    rmSync(making, { recursive: true, force: true });
    return existsSync(folder) ? { folder } : { skip: "OPA's clients cannot be installed from npm" };
  }
}

const npm = await npmClients();
const python = await findPython(['opa-python-client==3.0.0'], join(root, '.cache'));

/** Clients that were written for OPA, unchanged, against a real server. */
describe("OPA's clients", () => {
  let data: string;
  let writ: RunningWrit;
  beforeAll(async () => {
    data = mkdtempSync(join(tmpdir(), 'writ-opa-clients-'));
    writ = await startWrit(['serve', '--bundle', 'examples/tutorial/bundle'], data, root);
  });
  afterAll(async () => {
    await writ?.stop();
    rmSync(data, { recursive: true, force: true });
  });

  const npmNote = 'skip' in npm ? ` (skipped: ${npm.skip})` : '';
  it.skipIf('skip' in npm).each(Object.keys(CLIENTS))(`%s from npm${npmNote}`, async (name) => {
    if ('skip' in npm) return;
    const script = `const { OPAClient } = require(${JSON.stringify(name)});
const [url, path, ...inputs] = process.argv.slice(1);
const client = new OPAClient(url);
const read = inputs.map((input) => JSON.parse(input));
Promise.all([...read.map((input) => client.evaluate(path, input)), client.evaluateBatch(path, Object.fromEntries(read.entries()))])
  .then((all) => console.log(JSON.stringify(all)));`;
    const words = ['-e', script, writ.api, PATH, JSON.stringify(ALLOWED), JSON.stringify(REFUSED)];
    const { stdout } = await run(process.execPath, words, { cwd: npm.folder });
    expect(JSON.parse(stdout)).toMatchObject([
      { outcome: 'allow', reason: 'ok' },
      { outcome: 'deny', reason: 'tool_not_allowlisted' },
      { 0: { outcome: 'allow' }, 1: { outcome: 'deny' } },
    ]);
  });

  const pythonNote = 'skip' in python ? ` (skipped: ${python.skip})` : '';
  it.skipIf('skip' in python)(`opa-python-client from PyPI${pythonNote}`, async () => {
    if ('skip' in python) return;
    const { hostname, port } = new URL(writ.api);
    const script = `import json, sys
from opa_client.opa import OpaClient
client = OpaClient(host=sys.argv[1], port=int(sys.argv[2]))
ask = lambda text: client.query_rule(input_data=json.loads(text), package_path="agent.tools", rule_name="decision")
print(json.dumps([client.check_connection(), *[ask(text)["result"] for text in sys.argv[3:]]]))`;
    const words = ['-c', script, hostname, port, JSON.stringify(ALLOWED), JSON.stringify(REFUSED)];
    const { stdout } = await run(python.python, words);
    expect(JSON.parse(stdout)).toMatchObject([true, { outcome: 'allow' }, { outcome: 'deny' }]);
  });
});
