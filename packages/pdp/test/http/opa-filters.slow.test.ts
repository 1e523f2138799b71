import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { findOpa } from '@writ/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Api, openApi, regoSet } from './api-fixture.ts';

/** One rule for each form that a condition can have, and for each that it cannot. */
const RULES = `
simple if input.fruits.name == "apple"
text if { input.fruits.name == "it's \\\\ \\"x\\"\\n%_"; input.fruits.price >= 1.5 }
field if input.fruits.price > input.fruits.cost
flipped if 10 > input.fruits.price
negated if not input.fruits.name == "apple"
negated_text if not startswith(input.fruits.name, "x")
negated_field if not input.fruits.ok
starts if startswith(input.fruits.name, "a_b%\\\\")
ends if { input.fruits.a != input.fruits.b; endswith(input.fruits.name, "'\\"\\t") }
holds if contains(input.fruits.name, "x")
member if input.fruits.color in input.favourites
member_of_none if input.fruits.color in []
member_of_set if input.fruits.color in {"x", "y"}
member_of_field if "x" in input.fruits.tags
either if input.fruits.a == 1
either if { input.fruits.b == 2; input.fruits.c != 3 }
always := true
never if false
nothing if input.fruits.name == null
boolean if input.fruits.ok == true
known if input.fruits.owner == input.user
unknown_input if input.fruits.a == input.nothing
from_data if input.fruits.owner in data.owners.list
helped if helper("apple")
helper(x) if input.fruits.name == x
default defaulted := false
defaulted if input.fruits.a == 1
named if { x := input.fruits.a; x > 3; x < input.fruits.b }
two_named if { x := input.fruits.a; y := input.fruits.b; x < y }
three_named if { x := input.fruits.a; y := input.fruits.b; z := input.fruits.c; x < y; not y < z; z != 3 }
named_alike if { x := input.fruits.a; y := input.fruits.b; x == y }
there if { _ = input.fruits.owner }
quoted if input.fruits["na me"] == 1
chosen if input.fruits[input.user] == 1
large if input.fruits.a == 12345678901234567890
bare if input.fruits.owner
short if input.name == "x"
deep if input.fruits.a.b == 1
every_one if every x in input.fruits.tags { x == 1 }
some_one if { some t in input.fruits.tags; t == "x" }
any if input.fruits[_].a == 1
counted if count(input.fruits.name) == 1
matched if regex.match("a", input.fruits.name)
replaced if data.filters.simple with input.fruits.name as "x"
or_else := true if { input.fruits.a == 1 } else := false if input.fruits.b == 2
calls_else if else_of(input.fruits.a)
else_of(x) := true if { x == 1 } else := false
masks.fruits.owner.replace.value := "***" if not input.admin
`;
const REGO = `package filters

# METADATA
# scope: document
# compile:
#   unknowns: [input.fruits]
#   mask_rule: masks
annotated if input.fruits.color == "red"
${RULES}`;
const NAMES = [
  'annotated',
  'no_such_rule',
  ...new Set([...RULES.matchAll(/^(?:default )?([a-z_]+)(?= if | := )/gm)].map(([, name]) => name!)),
];
const MEDIA = [
  ...['ucast.all', 'ucast.minimal', 'ucast.prisma', 'ucast.linq'],
  ...['sql.postgresql', 'sql.mysql', 'sql.sqlserver', 'sql.sqlite', 'multitarget', 'sql.oracle'],
].map((name) => `application/vnd.opa.${name}+json`);
const INPUT = { favourites: ['red', 'blue'], user: 'o"w`n', admin: false };
const MAPPED = {
  targetSQLTableMappings: { fruits: { $self: 'f', name: 'n_a' }, sqlite: { fruits: { $self: 'g' } } },
  targetDialects: ['ucast+all', 'sql+mysql', 'sql+sqlite'],
  maskRule: 'masks',
};

const found = await findOpa();
const opa =
  typeof found === 'string' ? { binary: found, note: '' } : { binary: '', note: ` (skipped: ${found.skip})` };

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer();
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as { port: number };
      server.close(() => resolve(port));
    });
  });
}

interface Answer {
  readonly status: number;
  readonly type: string | undefined;
  readonly body: unknown;
}

/** Of what no filter can say the first part is compared: names of made variables, and further findings, differ. */
async function ask(
  base: string,
  path: string,
  accept: string | undefined,
  body: object,
  headers: Readonly<Record<string, string>>,
): Promise<Answer> {
  const response = await fetch(`${base}/v1/compile/${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept: accept ?? '', ...headers },
    body: JSON.stringify(body),
  });
  const read = (await response.json()) as { code?: string; message?: string; errors?: { message: string }[] };
  const type = response.headers.get('content-type')?.replace('/json; charset=utf-8', '/json');
  const first = read.errors?.[0]?.message.replace(/\[\w+\]/, '[VARIABLE]');
  return {
    status: response.status,
    type,
    body: first === undefined ? read : { code: read.code, message: read.message, first },
  };
}

describe.skipIf(opa.binary === '')(`data filters beside a real OPA${opa.note}`, () => {
  let folder: string;
  let server: ChildProcess;
  let theirs: string;
  let api: Api;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'writ-filters-'));
    writeFileSync(join(folder, 'filters.rego'), REGO);
    writeFileSync(join(folder, 'data.json'), '{"owners": {"list": ["a", "b"]}}');
    const address = `127.0.0.1:${await freePort()}`;
    theirs = `http://${address}`;
    server = spawn(opa.binary, ['run', '--server', '--addr', address, '--log-level', 'error', folder], {
      stdio: 'ignore',
    });
    const isUp = (): Promise<boolean> =>
      fetch(`${theirs}/health`).then(
        ({ ok }) => ok,
        () => false,
      );
    for (let tries = 0; tries < 200 && !(await isUp()); tries += 1) await sleep(50);
    const files = { 'filters.rego': REGO, 'data.json': '{"owners": {"list": ["a", "b"]}}' };
    api = await openApi(await regoSet(files));
  });
  afterAll(async () => {
    await api?.close();
    server?.kill('SIGKILL');
    rmSync(folder, { recursive: true, force: true });
  });

  const both = async (path: string, accept: string | undefined, body: object): Promise<[Answer, Answer]> => [
    await ask(api.url, path, accept, body, api.operator),
    await ask(theirs, path, accept, body, {}),
  ];

  it.each(NAMES)('%s: the same answer in every target, with and without mappings', async (name) => {
    for (const accept of MEDIA) {
      for (const options of [{}, { options: MAPPED }]) {
        const body = { input: INPUT, unknowns: ['input.fruits'], ...options };
        const [ours, other] = await both(`filters/${name}`, accept, body);
        expect(ours, `${accept} ${JSON.stringify(options)}`).toEqual(other);
      }
    }
  });

  it.each([
    ['unknowns and mask of the annotations', 'filters/annotated', MEDIA[0], { input: INPUT }],
    ['no mask where the rule gives none', 'filters/annotated', MEDIA[0], { input: { admin: true } }],
    ['no header', 'filters/simple', '', {}],
    ['two headers', 'filters/simple', `${MEDIA[0]},${MEDIA[1]}`, {}],
    [
      'a table that is no text',
      'filters/simple',
      MEDIA[4],
      { unknowns: ['input.fruits'], options: { targetSQLTableMappings: { fruits: { $self: 1 } } } },
    ],
    [
      'a column without a table',
      'filters/short',
      MEDIA[4],
      {
        unknowns: ['input.name'],
        options: { targetSQLTableMappings: { sql: { name: { $table: 'people' } } } },
      },
    ],
  ])('%s: the same answer', async (_about, path, accept, body) => {
    const [ours, other] = await both(path, accept, body);
    const withoutWords = ({ status, body: { code, result } }: Answer & { body: never }) => ({
      status,
      code,
      result,
    });
    expect(withoutWords(ours as never)).toEqual(withoutWords(other as never));
  });
});

describe('data filters', () => {
  it('refuse a condition on what holds something unknown: a filter without it would give every row', async () => {
    const rules = 'package open\n\nwithout if not input.fruits.a in [input.fruits.b, 1]\n';
    const api = await openApi(await regoSet({ 'open.rego': rules }, { roots: ['open'] }));
    try {
      const body = { unknowns: ['input.fruits'] };
      for (const accept of [MEDIA[0], MEDIA[4]]) {
        const answer = await ask(api.url, 'open/without', accept, body, api.operator);
        expect([accept, answer]).toMatchObject([
          accept,
          { status: 400, body: { first: 'rhs of internal.member_2 must be known' } },
        ]);
      }
    } finally {
      await api.close();
    }
  });

  it('[P-RAW-IS-ADMIN] are for the operator, on record', async () => {
    const api = await openApi(await regoSet({ 'filters.rego': REGO }, { roots: ['filters'] }));
    try {
      const body = { unknowns: ['input.fruits'] };
      for (const headers of [{}, api.gateway])
        expect((await ask(api.url, 'filters/simple', MEDIA[0], body, headers)).status).toBeGreaterThan(400);
      expect((await ask(api.url, 'filters/simple', MEDIA[0], body, api.operator)).status).toBe(200);
      const events = (await api.fixture.entries()).flatMap(({ core }) =>
        core.kind === 'administrative' ? [core.event] : [],
      );
      expect(events).toEqual(['compile']);
    } finally {
      await api.close();
    }
  });
});
