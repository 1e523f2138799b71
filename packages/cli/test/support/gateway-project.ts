import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { REPOSITORY, temporaryFolder } from './run-writ.ts';

const SERVER = join(REPOSITORY, 'packages/gateway/test/fixtures/raw-server.ts');

/** Blocks of YAML of the how-to page, in order. */
export function identityBlocks(): readonly string[] {
  const text = readFileSync(join(REPOSITORY, 'docs/how-to/identify-callers.md'), 'utf8');
  return [...text.matchAll(/```yaml\n(.*?)```/gs)].map((found) => found[1]!);
}

/** A project with one server and a policy of its own, and whatever else `writ.yaml` shall hold. */
export function gatewayProject(
  yaml: string,
  rego = GRANT,
): { readonly folder: string; readonly data: string } {
  const folder = temporaryFolder();
  mkdirSync(join(folder, 'policy'));
  writeFileSync(join(folder, 'policy/main.rego'), rego);
  writeFileSync(
    join(folder, 'writ.yaml'),
    [
      'bundles: [{ name: main, directory: policy, entrypoints: ["main/decision"] }]',
      `upstreams: { fixture: { command: ${JSON.stringify(process.execPath)}, args: [${JSON.stringify(SERVER)}] } }`,
      yaml,
    ].join('\n'),
  );
  return { folder, data: join(folder, '.writ') };
}

const GRANT = 'package main\n\ndecision := {"allow": true}\n';
