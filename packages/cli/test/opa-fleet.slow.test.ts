import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { packEntries, refilled, renamed, type TarEntry, tarEntries, textOf } from '@writ/testing';
import { expect, it } from 'vitest';
import { EXIT } from '../src/index.ts';
import { type FleetMember, opaMissing, startOpa } from './support/opa-fleet.ts';
import { keyFiles, publishing } from './support/publishing.ts';
import { registryMissing, startRegistry } from './support/registry.ts';
import { eventually, runWrit, temporaryFolder } from './support/run-writ.ts';

const TIMEOUT = { timeout: 240_000 };
const note = (missing: string | undefined) => (missing === undefined ? '' : ` (skipped: ${missing})`);

/** Runs a command that must end well. */
async function writ(folder: string, ...args: string[]): Promise<string> {
  const ran = await runWrit(args, { cwd: folder });
  expect(ran.status, ran.stderr).toBe(EXIT.ok);
  return ran.stdout;
}

/** Its signature is why, not that it cannot be read. */
async function refuses(opa: FleetMember, name: string): Promise<void> {
  const why = await eventually(`OPA refuses: ${name}`, () => opa.failure());
  expect(why, name).toMatch(/verif|signature|digest/i);
}

interface Publication {
  readonly answer: string;
  readonly sequence: number;
  readonly rollbackTo?: string;
}

/** A folder with a policy, and `writ build` with its key: gives the file of the signed archive. */
function author() {
  const folder = temporaryFolder();
  const keys = keyFiles(folder, 'ci');
  const policy = join(folder, 'policy');
  mkdirSync(policy);
  writeFileSync(join(policy, '.manifest'), '{"roots": ["live"]}');
  return {
    folder,
    keys,
    async build(revision: string, { answer, sequence, rollbackTo }: Publication): Promise<string> {
      writeFileSync(
        join(policy, 'live.rego'),
        `package live\n\nimport rego.v1\n\nanswer := data.live.words["${answer}"]\n`,
      );
      writeFileSync(join(policy, 'data.json'), JSON.stringify({ live: { words: { [answer]: answer } } }));
      const file = join(folder, `${revision}.tar.gz`);
      const back = rollbackTo === undefined ? [] : ['--rollback-to', rollbackTo];
      const place = ['--revision', revision, '--sequence', String(sequence), ...back];
      const signing = ['--signing-key', keys.key, '--signing-alg', 'ES256', '--signing-key-id', 'k1'];
      await writ(folder, 'build', policy, '--output', file, ...place, ...signing);
      return file;
    },
  };
}

/** What somebody who can write to the registry, and has no key, may try. */
function tampered(archive: Uint8Array): ReadonlyMap<string, Buffer> {
  const entries = tarEntries(archive);
  const change = (make: (entry: TarEntry, name: string) => readonly TarEntry[]) =>
    packEntries(entries.flatMap((entry) => make(entry, fileOf(entry))));
  return new Map([
    [
      'a rule was changed',
      change((entry, name) => [
        name.endsWith('live.rego')
          ? refilled(entry, textOf(entry).replace('answer := ', 'answer := "evil" # '))
          : entry,
      ]),
    ],
    [
      'data was changed',
      change((entry, name) => [
        name.endsWith('data.json') ? refilled(entry, textOf(entry).replaceAll(/:"\w+"/g, ':"evil"')) : entry,
      ]),
    ],
    [
      'a file was added',
      change((entry, name) =>
        name.endsWith('live.rego')
          ? [entry, renamed(refilled(entry, 'package live.more\n\nanswer := "evil"\n'), '/more.rego')]
          : [entry],
      ),
    ],
    [
      'the signature was left out',
      change((entry, name) => (name.endsWith('.signatures.json') ? [] : [entry])),
    ],
  ]);
}

function fileOf({ header }: TarEntry): string {
  const name = header.subarray(0, 100);
  return name.subarray(0, name.indexOf(0)).toString('utf8');
}

it.skipIf(opaMissing !== undefined || registryMissing !== undefined)(
  `[P-BUNDLE-FLEET] real OPAs follow a registry through a change, a rollback, tampering and an outage${note(opaMissing ?? registryMissing)}`,
  TIMEOUT,
  async () => {
    const { folder, keys, build } = author();
    const registry = await startRegistry(folder);
    const reference = `${registry.host}/policies/live:production`;
    const push = (file: string) => writ(folder, 'bundles', 'push', file, reference, '--insecure');
    await push(await build('r1', { answer: 'one', sequence: 1 }));
    const member = (name: string) => {
      mkdirSync(join(folder, name));
      const service = { url: `http://${registry.host}`, type: 'oci' };
      return startOpa({ folder: join(folder, name), service, resource: reference, pem: keys.pem });
    };
    const fleet = [await member('opa-1'), await member('opa-2')];
    const all = async (answer: string, revision: string) => {
      for (const each of fleet) await each.becomes({ answer, revision });
    };
    await all('one', 'r1');

    const second = await build('r2', { answer: 'two', sequence: 2 });
    await push(second);
    await all('two', 'r2');

    // A rollback is a publication of its own, with a place after what it goes back from.
    await push(await build('r3', { answer: 'one', sequence: 3, rollbackTo: 'r1' }));
    await all('one', 'r3');

    for (const [name, archive] of tampered(readFileSync(second))) {
      const file = join(folder, 'tampered.tar.gz');
      writeFileSync(file, archive);
      await push(file);
      for (const each of fleet) {
        await refuses(each, name);
        expect(await each.view(), name).toEqual({ answer: 'one', revision: 'r3' });
      }
      await push(join(folder, 'r3.tar.gz'));
      for (const each of fleet)
        await eventually('OPA is well again', async () =>
          (await each.failure()) === undefined ? true : undefined,
        );
    }

    await registry.stop();
    for (const each of fleet) {
      await eventually('OPA sees the outage', async () =>
        (await each.failure()) === undefined ? undefined : true,
      );
      expect(await each.view()).toEqual({ answer: 'one', revision: 'r3' });
    }
    await registry.start();
    await push(await build('r4', { answer: 'four', sequence: 4 }));
    await all('four', 'r4');
  },
);

it.skipIf(opaMissing !== undefined)(
  `[P-BUNDLE-FLEET] a real OPA follows a server of files by ETag, and starts without it from what it kept${note(opaMissing)}`,
  TIMEOUT,
  async () => {
    const { folder, keys, build } = author();
    const server = await publishing();
    const publish = (file: string) => server.publish('live.tar.gz', readFileSync(file));
    const first = await build('r1', { answer: 'one', sequence: 1 });
    publish(first);
    const options = {
      folder,
      service: { url: server.url },
      resource: '/live.tar.gz',
      pem: keys.pem,
      persist: true,
    };
    const opa = await startOpa(options);
    await opa.becomes({ answer: 'one', revision: 'r1' });
    await eventually('OPA is told that nothing changed', () => (server.unchanged() > 0 ? true : undefined));

    const second = await build('r2', { answer: 'two', sequence: 2 });
    publish(second);
    await opa.becomes({ answer: 'two', revision: 'r2' });
    publish(await build('r3', { answer: 'one', sequence: 3, rollbackTo: 'r1' }));
    await opa.becomes({ answer: 'one', revision: 'r3' });

    for (const [name, archive] of tampered(readFileSync(second))) {
      server.publish('live.tar.gz', archive);
      await refuses(opa, name);
      expect(await opa.view(), name).toEqual({ answer: 'one', revision: 'r3' });
      publish(join(folder, 'r3.tar.gz'));
      await eventually('OPA is well again', async () =>
        (await opa.failure()) === undefined ? true : undefined,
      );
    }

    server.reachable(false);
    await eventually('OPA sees the outage', async () =>
      (await opa.failure()) === undefined ? undefined : true,
    );
    expect(await opa.view()).toEqual({ answer: 'one', revision: 'r3' });
    await opa.stop();
    const again = await startOpa(options);
    await again.becomes({ answer: 'one', revision: 'r3' });
    server.reachable(true);
    publish(await build('r4', { answer: 'four', sequence: 4 }));
    await again.becomes({ answer: 'four', revision: 'r4' });
  },
);
