import { generateKeyPairSync } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { buildBundle } from '@writ/bundle';
import type { Ground } from '../first-light/section.ts';

/** Two revisions of a bundle; what is asked is denied by the first and allowed by the second, which is large. */
export interface Workload {
  readonly name: string;
  /** Slash path of the entrypoint. */
  readonly path: string;
  /** Profile `tools/v1`, which is what a policy for OPA alone could take too. */
  readonly input: object;
  readonly before: Uint8Array;
  readonly after: Uint8Array;
}

const PAIR = generateKeyPairSync('ec', { namedCurve: 'P-256' });
/** What both check the archives with. */
export const SIGNER = {
  keyId: 'bench',
  algorithm: 'ES256',
  publicPem: PAIR.publicKey.export({ type: 'spki', format: 'pem' }).toString(),
} as const;
const SIGNING = {
  key: PAIR.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
  keyId: SIGNER.keyId,
  algorithm: SIGNER.algorithm,
};

const RULES = 10_000;
const DATA_BYTES = 100_000_000;

/** A policy of 10,000 rules in one package, as they are written by a program. */
export async function manyRules(ground: Ground): Promise<Workload> {
  const policy = (count: number): string =>
    [
      'package many',
      'default allow := false',
      ...Array.from(
        { length: count },
        (_none, index) =>
          `allow if {\n\tinput.tool == "tool.${index}"\n\t"role-${index % 100}" in input.identity.scopes\n\tinput.arguments.amount <= ${index + 10}\n}`,
      ),
    ].join('\n\n');
  const index = RULES - 1;
  return {
    name: '10,000 rules of one kind',
    path: 'many/allow',
    input: {
      tool: `tool.${index}`,
      arguments: { amount: 10 },
      identity: { sub: 'agent:bench', delegated_by: 'user:1', scopes: [`role-${index % 100}`] },
    },
    before: await archiveOf(ground, 'rules-1', 1, 'many', { 'policy.rego': policy(10) }),
    after: await archiveOf(ground, 'rules-2', 2, 'many', { 'policy.rego': policy(RULES) }),
  };
}

/** What rules ask beside the tool; so many are taken of them that few rules are alike. */
const CONDITIONS: readonly ((index: number) => string)[] = [
  (index) => `"role-${index % 100}" in input.identity.scopes`,
  (index) => `input.arguments.amount <= ${index + 10}`,
  (index) => `input.identity.region == "region-${index % 7}"`,
  () => 'not input.arguments.test',
  (index) => `startswith(input.arguments.path, "/srv/${index % 50}/")`,
  (index) => `input.identity.level >= ${index % 5}`,
  (index) => `some group in input.identity.groups\n\tgroup == "group-${index % 20}"`,
  (index) => `count(input.arguments.items) < ${index % 90}`,
  (index) => `input.arguments.kind in {"a", "b${index % 9}"}`,
  () => 'data.limits[input.tool] > input.arguments.amount',
  () => 'not input.identity.blocked == true',
  () => 'input.arguments.currency == "EUR"',
  () => 'input.identity.delegated_by != input.identity.sub',
  (index) => `lower(input.arguments.name) == "name-${index % 30}"`,
  (index) => `input.session.calls < ${index % 40}`,
  (index) => `every item in input.arguments.items { item.price < ${index + 5} }`,
];

/** A policy of 10,000 rules in one package that were not made by one template: each takes two to four conditions. */
export async function rulesOfManyKinds(ground: Ground): Promise<Workload> {
  const next = draws();
  const rules = Array.from({ length: RULES - 1 }, (_none, index) => {
    const lines = Array.from({ length: 2 + next(3) }, () => CONDITIONS[next(CONDITIONS.length)]!(index));
    return `allow if {\n\tinput.tool == "tool.${index}"\n\t${[...new Set(lines)].join('\n\t')}\n}`;
  });
  const policy = (count: number, more: readonly string[]): string =>
    ['package many', 'default allow := false', ...rules.slice(0, count), ...more].join('\n\n');
  return {
    name: '10,000 rules of many kinds',
    path: 'many/allow',
    input: {
      tool: 'tool.last',
      arguments: { amount: 10 },
      identity: { sub: 'agent:bench', delegated_by: 'user:1', scopes: [] },
    },
    before: await archiveOf(ground, 'kinds-1', 1, 'many', { 'policy.rego': policy(10, []) }),
    after: await archiveOf(ground, 'kinds-2', 2, 'many', {
      'policy.rego': policy(RULES, [
        'allow if {\n\tinput.tool == "tool.last"\n\tinput.arguments.amount <= 10\n}',
      ]),
    }),
  };
}

/** Numbers below a bound, the same in every run. */
function draws(): (below: number) => number {
  let state = 7;
  return (below) => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fff_ffff;
    return (state >> 8) % below;
  };
}

/** A short policy over 100 MB of people and their groups. */
export async function muchData(ground: Ground): Promise<Workload> {
  const policy = [
    'package people',
    'default allow := false',
    'allow if "staff" in data.people.known[input.identity.delegated_by].groups',
  ].join('\n\n');
  const files = (bytes: number) => ({
    'policy.rego': policy,
    'people/known/data.json': JSON.stringify(people(bytes)),
  });
  return {
    name: '100 MB of data',
    path: 'people/allow',
    input: {
      tool: 'search',
      arguments: {},
      identity: { sub: 'agent:bench', delegated_by: 'user:200000', scopes: [] },
    },
    before: await archiveOf(ground, 'data-1', 1, 'people', files(1_000)),
    after: await archiveOf(ground, 'data-2', 2, 'people', files(DATA_BYTES)),
  };
}

function people(bytes: number): object {
  const all: Record<string, object> = {};
  let size = 0;
  for (let index = 0; size < bytes; index++) {
    const person = {
      name: `Person ${index}`,
      groups: ['staff', `team-${index % 997}`, `region-${index % 13}`],
      limits: { amount: (index * 37) % 100_000, calls: index % 500 },
      manager: `user:${(index * 7) % 100_000}`,
      note: 'x'.repeat(index % 80),
    };
    all[`user:${index}`] = person;
    size += JSON.stringify(person).length + 16;
  }
  return all;
}

async function archiveOf(
  ground: Ground,
  revision: string,
  sequence: number,
  root: string,
  files: Readonly<Record<string, string>>,
): Promise<Uint8Array> {
  const folder = join(ground.folder, revision);
  const entrypoints = [{ path: `${root}/allow`, kind: 'grant', profile: 'tools/v1' }];
  const manifest = { revision, roots: [root], metadata: { writ: { entrypoints } } };
  for (const [file, text] of Object.entries({ ...files, '.manifest': JSON.stringify(manifest) })) {
    mkdirSync(dirname(join(folder, file)), { recursive: true });
    writeFileSync(join(folder, file), text);
  }
  const built = await buildBundle(folder, { signing: SIGNING, sequence });
  if (!built.ok) throw new Error(JSON.stringify(built.problems));
  return built.archive;
}
