import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { EXIT } from '../src/index.ts';
import { type Forge, git, gitEnvironment, startForge } from './support/forge.ts';
import { keyFiles } from './support/publishing.ts';
import { registryMissing, startRegistry } from './support/registry.ts';
import { eventually, runWrit, temporaryFolder, writArguments } from './support/run-writ.ts';
import { decideOver, type Serving, startWrit } from './support/start-writ.ts';

let asked = 0;

/** A decision by an agent that was never seen before, with what its record says of the bundles. */
async function decided(service: Serving, tool = 'search') {
  asked += 1;
  const authorization = `Bearer ${service.operatorToken()}`;
  const request = {
    principal: { id: 'user:me', scopes: ['read'] },
    actor: { id: `agent:${asked}` },
    action: { type: 'tool_call', phase: 'call', tool, args: {} },
  };
  const { body } = await decideOver(service.api, request, { authorization });
  const log = await fetch(`${service.api}/v1/log/${body['decision_id']}`, { headers: { authorization } });
  const { entries } = (await log.json()) as {
    entries: { core: { bundles: Bundles; bundle_digest: string } }[];
  };
  return { outcome: body['outcome'], reason: body['reason'], bundles: entries[0]!.core.bundles };
}
type Bundles = Readonly<Record<string, { readonly revision: string; readonly digest: string }>>;

/** A decision point as the template configures it, on this machine's registry. */
async function follow(folder: string, stage: string): Promise<Serving> {
  const file = join(folder, `writ.${stage}.yaml`);
  const local = readFileSync(file, 'utf8').replaceAll(
    'poll_seconds: 30',
    'poll_seconds: 1\n    insecure: true\n    allow: [loopback]',
  );
  writeFileSync(file, local);
  return startWrit(['--config', file, '--addr', '127.0.0.1:0'], { cwd: folder });
}

/** Pushes a branch with one change, as a pull request. */
function propose(folder: string, branch: string, message: string, change: () => void): string {
  git(folder, 'checkout', '--quiet', '-B', branch, 'main');
  change();
  git(folder, 'commit', '--quiet', '-am', message);
  git(folder, 'push', '--quiet', 'origin', branch);
  return git(folder, 'rev-parse', 'HEAD');
}

function merge(folder: string, branch: string): void {
  git(folder, 'checkout', '--quiet', 'main');
  git(folder, 'merge', '--quiet', '--ff-only', branch);
  git(folder, 'push', '--quiet', 'origin', 'main');
}

function tag(folder: string, name: string): void {
  git(folder, 'tag', '-a', name, '-m', name);
  git(folder, 'push', '--quiet', 'origin', name);
}

it.skipIf(registryMissing !== undefined)(
  `a repository of policies, from a pull request to production and back${registryMissing === undefined ? '' : ` (skipped: ${registryMissing})`}`,
  { timeout: 420_000 },
  async () => {
    const folder = temporaryFolder();
    const registry = await startRegistry(folder);
    const keys = keyFiles(folder, 'ci');
    const repository = join(folder, 'policies');
    const place = `${registry.host}/policies`;
    const made = await runWrit(['init', '--gitops', repository, '--registry', place]);
    expect(made.status, made.stderr).toBe(EXIT.ok);
    writeFileSync(join(repository, 'keys/policy.pem'), readFileSync(keys.pem));
    const settings = { POLICY_REGISTRY: place, POLICY_REGISTRY_INSECURE: '1', POLICY_SIGNING_KEY: keys.key };
    const forge = await startForge({ folder, settings });
    git(repository, 'init', '--quiet', '--initial-branch=main');
    git(repository, 'add', '-A');
    git(repository, 'commit', '--quiet', '-m', 'Policies as code');
    git(repository, 'remote', 'add', 'origin', forge.url);
    git(repository, 'push', '--quiet', 'origin', 'main');
    tag(repository, 'v1');
    const first = git(repository, 'rev-parse', 'HEAD');
    const [staging, production] = [
      await follow(repository, 'staging'),
      await follow(repository, 'production'),
    ];
    git(repository, 'checkout', '--quiet', '--', '.');
    const before = await decided(production);
    expect(before).toMatchObject({ outcome: 'allow', bundles: { resource: { revision: first } } });
    expect((await decided(staging)).bundles).toEqual(before.bundles);

    const rego = join(repository, 'policies/resource/resource.rego');
    const data = join(repository, 'policies/resource/data.json');
    refusesFailingTest(repository, forge, rego);
    const changed = proposesChange(repository, forge, data);

    merge(repository, 'stricter');
    await eventually('staging has it', async () => (await decided(staging)).outcome === 'deny' || undefined);
    const staged = await decided(staging);
    expect(staged).toMatchObject({
      reason: 'insufficient_scope',
      bundles: { resource: { revision: changed } },
    });
    // What did not change is not published anew, and production has not moved.
    expect(staged.bundles['compliance']).toEqual(before.bundles['compliance']);
    expect((await decided(production)).bundles).toEqual(before.bundles);

    tag(repository, 'v2');
    await eventually(
      'production has it',
      async () => (await decided(production)).outcome === 'deny' || undefined,
    );
    expect((await decided(production)).bundles).toEqual(staged.bundles);

    const reverted = revert(repository, forge);
    merge(repository, 'back');
    await eventually(
      'staging is back',
      async () => (await decided(staging)).outcome === 'allow' || undefined,
    );
    const back = await decided(staging);
    expect(back.bundles['resource']?.revision).toBe(reverted);
    expect((await decided(production)).outcome).toBe('deny');
    tag(repository, 'v3');
    await eventually(
      'production is back',
      async () => (await decided(production)).outcome === 'allow' || undefined,
    );
    expect((await decided(production)).bundles).toEqual(back.bundles);

    const listed = await runWrit(['bundles', 'list', '--data', production.data, '--format', 'json'], {
      cwd: repository,
    });
    expect(JSON.parse(listed.stdout)).toMatchObject({
      production: true,
      bundles: [
        { name: 'resource', revision: reverted, rollback_to: first, signed_by: ['ci (k1)'], kept: 3 },
        { name: 'compliance', kept: 1 },
      ],
    });
    // In a hurry: from a clone into production, once the change is reverted, and only then.
    const script = (cwd: string, ...words: string[]) => policy(cwd, settings, ...words);
    git(repository, 'checkout', '--quiet', 'main');
    git(repository, 'revert', '--no-edit', 'HEAD');
    expect(script(repository, 'rollback')).toMatchObject({
      status: 0,
      out: expect.stringContaining('back to'),
    });
    await eventually('production is where it was', async () =>
      (await decided(production)).outcome === 'deny' ? true : undefined,
    );
    writeFileSync(data, readFileSync(data, 'utf8').replace('"search"', '"seek"'));
    expect(script(repository, 'release')).toMatchObject({
      status: 1,
      out: expect.stringContaining('no commit has'),
    });
    git(repository, 'commit', '--quiet', '-am', 'Something new');
    const unsigned = policy(repository, { ...settings, POLICY_SIGNING_KEY: '' }, 'release');
    expect(unsigned).toMatchObject({
      status: 1,
      out: expect.stringContaining('nothing unsigned is published'),
    });
    const shallow = join(folder, 'shallow');
    git(folder, 'clone', '--quiet', '--depth', '1', forge.url, shallow);
    expect(script(shallow, 'release')).toMatchObject({ status: 1, out: expect.stringContaining('shallow') });
    expect(script(repository, 'deploy')).toMatchObject({
      status: 1,
      out: expect.stringContaining('check, release'),
    });
    await Promise.all([staging.stop(), production.stop()]);
  },
);

/** Runs the script as a person would. */
function policy(cwd: string, settings: Readonly<Record<string, string>>, ...words: string[]) {
  const env = { ...gitEnvironment(), ...settings, WRIT: [process.execPath, ...writArguments([])].join(' ') };
  const ran = spawnSync(process.execPath, ['policy.mjs', ...words], { cwd, env, encoding: 'utf8' });
  return { status: ran.status, out: `${ran.stdout}${ran.stderr}` };
}

function refusesFailingTest(repository: string, forge: Forge, rego: string): void {
  const broken = propose(repository, 'broken', 'Everything is allowed', () => {
    writeFileSync(
      rego,
      readFileSync(rego, 'utf8').replace('"deny", "reason": "tool_not_listed"', '"allow", "reason": "ok"'),
    );
  });
  expect(forge.checked(broken)).toMatchObject({
    passed: false,
    log: expect.stringContaining('test_unlisted'),
  });
  expect(() => merge(repository, 'broken')).toThrow(/did not pass/);
  git(repository, 'reset', '--quiet', '--hard', 'origin/main');
}

/** A change of data that its tests follow; what it does is told in words. */
function proposesChange(repository: string, forge: Forge, data: string): string {
  const test = join(repository, 'policies/resource/resource_test.rego');
  const commit = propose(repository, 'stricter', 'Searching needs more than reading', () => {
    writeFileSync(data, readFileSync(data, 'utf8').replace('"scope": "read"', '"scope": "search"'));
    writeFileSync(
      test,
      readFileSync(test, 'utf8').replace('ask("search", ["read"])', 'ask("search", ["search"])'),
    );
  });
  const { passed, log, diff } = forge.checked(commit);
  expect([passed, log]).toEqual([true, expect.stringContaining('resource: formatted, checked, tested')]);
  expect(diff).toContain('## resource');
  expect(diff).toMatch(/scope.*read.*search/);
  expect(diff).toMatch(/search\.json.*allow.*deny/);
  expect(diff).not.toContain('## compliance');
  return commit;
}

function revert(repository: string, forge: Forge): string {
  git(repository, 'checkout', '--quiet', '-B', 'back', 'main');
  git(repository, 'revert', '--no-edit', 'HEAD');
  git(repository, 'push', '--quiet', 'origin', 'back');
  const commit = git(repository, 'rev-parse', 'HEAD');
  const { passed, log } = forge.checked(commit);
  expect(passed, log).toBe(true);
  return commit;
}
