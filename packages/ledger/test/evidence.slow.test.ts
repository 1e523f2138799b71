import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { canonicalJson } from '@writ/decision';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseCheckpoint } from '../src/checkpoint.ts';
import {
  type EvidenceQuestion,
  eraseFromDetail,
  leafHash,
  openFileSigner,
  type PackReport,
  proveEvidence,
  readBound,
  signCheckpoint,
  verifyPack,
} from '../src/index.ts';
import { parseNote } from '../src/note.ts';
import { TemporaryLog, tamper } from './temporary-log.ts';

const CUSTOMER = { id: 'cust-7', type: 'customer' };
let log: TemporaryLog;
let from: string;
let to: string;
let earlier: string;
let packs = 0;

/** A call of an agent for a resource. */
async function call(
  id: string,
  actor: string,
  resource: string | undefined,
  more: { readonly effect?: string; readonly args?: string } = {},
): Promise<number> {
  const effect = more.effect ?? 'proceed';
  return log.append(
    {
      ...{ kind: 'decision', decision_id: id, action_type: 'tool_call', phase: 'call', effect },
      outcome: effect === 'proceed' ? 'allow' : 'deny',
      bundles: { main: { revision: '7', digest: 'sha256:aa' } },
    },
    {
      ...{ tenant: 'acme', principal: 'user:ann', actor, session: 's-1', tool: 'crm.read', server: 'crm' },
      args: { note: more.args ?? 'x' },
      ...(resource === undefined ? {} : { resources: [{ type: 'customer', id: resource }] }),
    },
  );
}

async function moment(): Promise<string> {
  await sleep(5);
  const now = new Date().toISOString();
  await sleep(5);
  return now;
}

beforeAll(async () => {
  log = await new TemporaryLog().open();
  await log.append({ kind: 'policy_activation', event: 'activated' }, {});
  await call('dec-early', 'agent:a', 'cust-1');
  for (let each = 0; each < 9; each++) await call(`dec-before-${each}`, 'agent:a', 'cust-7');
  await log.publish();
  from = await moment();
  await log.append({ kind: 'result', decision_id: 'dec-early', event: 'succeeded' }, { actor: 'agent:a' });
  for (let each = 0; each < 12; each++) await call(`dec-a-${each}`, 'agent:a', `cust-${10 + each}`);
  await call('dec-b', 'agent:b', 'cust-7', { args: '<script>`[x](y)`' });
  await call('dec-refused', 'agent:a', 'cust-7', { effect: 'refuse' });
  await call('dec-unknown-refused', 'agent:a', undefined, { effect: 'refuse' });
  await call('dec-list', 'agent:c', undefined);
  await log.append({ kind: 'stop' }, {});
  to = await moment();
  earlier = (await log.publish())!;
  await call('dec-after', 'agent:a', 'cust-7');
  await log.publish();
});
afterAll(() => log[Symbol.asyncDispose]());

const question = (): EvidenceQuestion => ({ tenant: 'acme', actor: 'agent:a', resource: CUSTOMER, from, to });

function prove(
  asked: EvidenceQuestion = question(),
  options: { readonly since?: string[]; readonly framework?: string } = {},
) {
  packs += 1;
  const out = join(log.root, `pack-${packs}`);
  const result = proveEvidence({ directory: log.directory, out, question: asked, ...options });
  if (!result.ok) throw new Error(result.message);
  return { out, answer: result.answer };
}

const verify = (directory: string, seen?: string, keys = [log.signer.verifierKey]): PackReport =>
  verifyPack({ directory, verifierKeys: keys, ...(seen === undefined ? {} : { seen }) });
const codes = (report: PackReport): string[] => [...new Set(report.problems.map(({ code }) => code))];

/** A copy of a pack, to be tampered with. */
function copyOf(pack: string): string {
  packs += 1;
  const copy = join(log.root, `pack-${packs}`);
  cpSync(pack, copy, { recursive: true });
  return copy;
}
function withLines(pack: string, change: (lines: string[]) => string[]): string {
  const copy = copyOf(pack);
  const path = join(copy, 'entries.ndjson');
  const lines = change(readFileSync(path, 'utf8').trimEnd().split('\n'));
  writeFileSync(path, `${lines.join('\n')}\n`);
  return copy;
}
// biome-ignore lint/suspicious/noExplicitAny: a pack is taken apart as whoever forges one would
type Any = any;
const withLine = (pack: string, at: number, change: (line: Any) => void): string =>
  withLines(pack, (lines) => {
    const line = JSON.parse(lines[at]!);
    change(line);
    return lines.with(at, canonicalJson(line));
  });
const groupWith = (line: Any, name: string): Any =>
  line.fields.find((group: Any) => group[1][name] !== undefined)[1];
function withManifest(pack: string, change: (manifest: Any) => void): string {
  const copy = copyOf(pack);
  const path = join(copy, 'pack.json');
  const manifest = JSON.parse(readFileSync(path, 'utf8'));
  change(manifest);
  writeFileSync(path, `${JSON.stringify(manifest, null, 2)}\n`);
  return copy;
}

describe('[P-EVIDENCE-NOT-TOUCHED] a pack about what an agent did not touch', () => {
  it('says so and verifies with the public key alone', () => {
    const { out, answer } = prove();
    expect(answer).toMatchObject({
      verdict: 'did_not_act',
      entries: 18,
      covered_to: to,
      matches: { total: 1, proceeded: 0, refused: 1 },
      open: { total: 0 },
      excluded: { actor: 2, decision: 1, kind: 1, refused: 1, resources: 12 },
      bundles: [{ name: 'main', revision: '7', digest: 'sha256:aa' }],
      trust: 'enforced',
    });
    expect(verify(out)).toMatchObject({ ok: true, problems: [], answer, seen: 'nothing' });
    const summary = readFileSync(join(out, 'summary.md'), 'utf8');
    expect(summary).toContain('No call on record did. 1 call asked for it and was refused.');
    expect(summary).toContain('What this does not prove');
  });

  it('tells of others only what excludes them', () => {
    const { out } = prove();
    const lines = readFileSync(join(out, 'entries.ndjson'), 'utf8')
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    const byVerdict = new Map(
      lines.map((line) => [line.verdict, line.fields.flatMap((group: Any) => Object.keys(group[1]))]),
    );
    expect(byVerdict.get('excluded: actor')).toEqual(['actor']);
    expect(byVerdict.get('excluded: resources')).toEqual(['resources']);
    expect(byVerdict.get('excluded: refused')).toEqual([]);
    expect(byVerdict.get('outside')).toEqual([]);
    expect(byVerdict.get('match')).toContain('args');
    expect(readFileSync(join(out, 'entries.ndjson'), 'utf8')).not.toContain('script');
  });

  it('says yes where a call proceeded, and shows it without its text becoming markup', () => {
    const { out, answer } = prove({ ...question(), actor: 'agent:b' });
    expect(answer).toMatchObject({ verdict: 'acted', matches: { proceeded: 1 } });
    expect(verify(out).ok).toBe(true);
    expect(readFileSync(join(out, 'summary.html'), 'utf8')).not.toContain('<script>');
    expect(readFileSync(join(out, 'summary.md'), 'utf8')).not.toMatch(/<script>|`\[x\]\(y\)`/);
  });

  it('cannot exclude a call whose resources are unknown', () => {
    const { out, answer } = prove({ ...question(), actor: 'agent:c' });
    expect(answer).toMatchObject({ verdict: 'not_shown', open: { total: 1 } });
    expect(verify(out).ok).toBe(true);
    expect(readFileSync(join(out, 'summary.md'), 'utf8')).toContain('the registry does not describe it');
  });

  it('finds a result whose decision came before', () => {
    const { out, answer } = prove({ actor: 'agent:a', resource: { id: 'cust-1' }, from, to });
    expect(answer).toMatchObject({ verdict: 'acted', matches: { total: 1, proceeded: 1 } });
    expect(verify(out).ok).toBe(true);
  });

  it('covers a time without entries, one before the first, and one that is not over', () => {
    const gap = prove({ actor: 'agent:a', from: to, to: new Date(Date.parse(to) + 1).toISOString() });
    expect(gap.answer).toMatchObject({ verdict: 'did_not_act', entries: 0 });
    const before = prove({
      actor: 'agent:a',
      from: '2001-01-01T00:00:00.000Z',
      to: '2001-01-02T00:00:00.000Z',
    });
    expect(before.answer).toMatchObject({ verdict: 'did_not_act', entries: 0 });
    const open = prove({ actor: 'agent:z', from, to: '2999-01-01T00:00:00.000Z' });
    expect(open.answer.covered_to < '2900').toBe(true);
    for (const { out } of [gap, before, open]) expect(verify(out)).toMatchObject({ ok: true });
  });

  it('arranges the evidence by the controls of a framework', () => {
    const { out } = prove(question(), { framework: 'hipaa' });
    expect(readFileSync(join(out, 'summary.md'), 'utf8')).toContain('164.312(b)');
    expect(verify(out).ok).toBe(true);
  });

  it('continues what the verifier holds', () => {
    const { out } = prove(question(), { since: [earlier] });
    expect(verify(out, earlier)).toMatchObject({ ok: true, seen: 'continued' });
  });
});

describe('[P-EVIDENCE-TAMPERING] a pack that was tampered with fails', () => {
  let pack: string;
  let count: number;
  beforeAll(() => {
    pack = prove().out;
    count = readFileSync(join(pack, 'entries.ndjson'), 'utf8').trimEnd().split('\n').length;
  });

  it('whichever entry is missing, repeated, swapped, changed or put in another place, and says where', () => {
    for (let at = 0; at < count; at++) {
      const first = JSON.parse(readFileSync(join(pack, 'entries.ndjson'), 'utf8').split('\n')[0]!).index;
      const index = first + at;
      const missing = verify(withLines(pack, (lines) => lines.toSpliced(at, 1)));
      expect(missing.problems).toContainEqual(expect.objectContaining({ code: 'entry_missing', index }));
      const doubled = verify(withLines(pack, (lines) => lines.toSpliced(at, 0, lines[at]!)));
      expect(doubled.problems).toContainEqual(expect.objectContaining({ code: 'entry_repeated', index }));
      const changed = verify(
        withLine(pack, at, (line) => {
          line.leaf = line.leaf.replace('"v":1', '"v":1,"w":1');
        }),
      );
      expect(changed.problems).toContainEqual(expect.objectContaining({ code: 'entry_changed', index }));
      if (at + 1 === count) continue;
      const swapped = verify(
        withLines(pack, (lines) => lines.with(at, lines[at + 1]!).with(at + 1, lines[at]!)),
      );
      expect(codes(swapped)).toContain('entry_repeated');
    }
  });

  it('an entry taken out, with all positions after it made to fit', () => {
    for (const at of [1, 5, count - 2]) {
      let copy = withLines(pack, (lines) =>
        lines.toSpliced(at, 1).map((line, place) => {
          const read = JSON.parse(line);
          return canonicalJson({ ...read, index: read.index - (place >= at ? 1 : 0) });
        }),
      );
      copy = withManifest(copy, (manifest) => {
        manifest.range.end -= 1;
      });
      expect(codes(verify(copy))).toContain('root_mismatch');
    }
  });

  it('an entry that was back-dated, with its hash made to fit', () => {
    const copy = withLine(pack, 3, (line) => {
      line.leaf = line.leaf.replace(/"time":"\d{4}/, '"time":"2020');
      line.hash = Buffer.from(leafHash(Buffer.from(line.leaf))).toString('base64');
    });
    expect(codes(verify(copy))).toEqual(expect.arrayContaining(['time_backwards', 'root_mismatch']));
  });

  it('fields that were changed, withheld, or put in', () => {
    const at = matchAt(pack);
    expect(
      codes(
        verify(
          withLine(pack, at, (line) => {
            groupWith(line, 'args').args.note = 'y';
          }),
        ),
      ),
    ).toContain('field_changed');
    expect(
      codes(
        verify(
          withLine(pack, at, (line) => {
            line.fields = line.fields.filter((group: Any) => group[1].args === undefined);
          }),
        ),
      ),
    ).toContain('field_withheld');
    expect(
      codes(
        verify(
          withLine(pack, at, (line) => {
            line.fields = [...line.fields.slice(0, -1), ['A'.repeat(22), { usage: 1 }]];
          }),
        ),
      ),
    ).toContain('field_changed');
    const excluded = withLine(pack, 3, (line) => {
      groupWith(line, 'resources').resources[0].id = 'cust-7';
    });
    expect(codes(verify(excluded))).toEqual(expect.arrayContaining(['field_changed', 'verdict_changed']));
  });

  it('another verdict, answer, question, period, origin, framework', () => {
    expect(
      codes(
        verify(
          withLine(pack, matchAt(pack), (line) => {
            line.verdict = 'excluded: refused';
          }),
        ),
      ),
    ).toContain('verdict_changed');
    const changes: readonly ((manifest: Any) => void)[] = [
      (manifest) => {
        manifest.answer.matches.refused = 0;
      },
      (manifest) => {
        manifest.answer.extra = true;
      },
      (manifest) => {
        manifest.answer.covered_to = '2999-01-01T00:00:00.000Z';
      },
      (manifest) => {
        manifest.question.resource.id = 'cust-8';
      },
      (manifest) => {
        manifest.question.actor = 'agent:z';
      },
      (manifest) => {
        manifest.question.from = new Date(Date.parse(from) - 60_000).toISOString();
      },
      (manifest) => {
        manifest.question.to = new Date(Date.parse(to) + 60_000).toISOString();
      },
      (manifest) => {
        manifest.origin = 'log.test/two';
      },
      (manifest) => {
        manifest.framework = 'soc2';
      },
      (manifest) => void manifest.earlier.pop(),
      (manifest) => {
        manifest.earlier[0].proof = [];
      },
      (manifest) => {
        manifest.range.first += 1;
      },
      (manifest) => {
        manifest.range.end += 1;
      },
      (manifest) => {
        manifest.range.end -= 1;
      },
      (manifest) => void manifest.range.proof.reverse(),
      (manifest) => void manifest.related.pop(),
      (manifest) => {
        manifest.related[0].index += 1;
      },
    ];
    for (const change of changes) expect(verify(withManifest(pack, change)).ok, String(change)).toBe(false);
  });

  it('lines left out at either end', () => {
    for (const drop of [1, 3]) {
      const fromStart = withManifest(
        withLines(pack, (lines) => lines.slice(drop)),
        (manifest) => {
          manifest.range.first += drop;
        },
      );
      expect(codes(verify(fromStart))).toContain('period_open');
      const fromEnd = withManifest(
        withLines(pack, (lines) => lines.slice(0, -drop)),
        (manifest) => {
          manifest.range.end -= drop;
        },
      );
      expect(codes(verify(fromEnd))).toContain('period_open');
    }
  });

  it('a checkpoint signed by another key, of another size, or of another log', async () => {
    const other = openFileSigner(join(log.root, 'other'), { name: log.signer.name });
    const signed = parseCheckpoint(
      parseNote(JSON.parse(readFileSync(join(pack, 'pack.json'), 'utf8')).checkpoint)!.text,
    )!;
    const notes = [
      [await signCheckpoint(signed, other), 'checkpoint_signature'],
      [await signCheckpoint({ ...signed, size: signed.size - 1 }, log.signer), 'root_mismatch'],
      [await signCheckpoint({ ...signed, origin: 'log.test/two' }, log.signer), 'checkpoint_origin'],
    ] as const;
    for (const [note, code] of notes) {
      expect(
        codes(
          verify(
            withManifest(pack, (manifest) => {
              manifest.checkpoint = note;
            }),
          ),
        ),
      ).toContain(code);
    }
    expect(codes(verify(pack, undefined, [other.verifierKey]))).toContain('checkpoint_signature');
  });

  it('a log rewritten and signed again with the right key, for whoever saw it before', async () => {
    const signed = parseCheckpoint(parseNote(earlier)!.text)!;
    const forked = await signCheckpoint({ ...signed, root: leafHash(Buffer.from('another')) }, log.signer);
    const { out } = prove(question(), { since: [earlier] });
    expect(codes(verify(out, forked))).toEqual(['log_rewritten']);
  });

  it('an entry from outside that is not in the tree', () => {
    const copy = withManifest(pack, (manifest) => {
      const decision = manifest.related.find((each: Any) => each.role === 'decision');
      decision.leaf = decision.leaf.replace('dec-early', 'dec-other');
    });
    expect(codes(verify(copy))).toContain('related_unproven');
  });

  it('a summary that says something else, and a file that is none of its own', () => {
    for (const name of ['summary.md', 'summary.html']) {
      const copy = copyOf(pack);
      writeFileSync(
        join(copy, name),
        readFileSync(join(copy, name), 'utf8').replace('No call', 'Every call'),
      );
      expect(codes(verify(copy))).toEqual(['summary_changed']);
    }
    const copy = copyOf(pack);
    writeFileSync(join(copy, 'summary-final.html'), 'x');
    expect(codes(verify(copy))).toEqual(['file_unknown']);
  });

  it('any byte of any file', () => {
    for (const name of ['pack.json', 'entries.ndjson', 'summary.md', 'summary.html']) {
      const copy = copyOf(pack);
      const bytes = readFileSync(join(copy, name));
      for (let step = 0; step < 25; step++) {
        const at = Math.floor((step * bytes.length) / 25);
        const changed = Buffer.from(bytes);
        changed[at] = bytes[at]! ^ (1 << (step % 7));
        writeFileSync(join(copy, name), changed);
        expect(verify(copy).ok, `${name} byte ${at}`).toBe(false);
      }
      writeFileSync(join(copy, name), bytes.subarray(0, bytes.length - 1));
      expect(verify(copy).ok).toBe(false);
    }
  });

  it('what is no pack at all', () => {
    expect(codes(verify(join(log.root, 'nowhere')))).toEqual(['pack_unreadable']);
    const copy = copyOf(pack);
    writeFileSync(join(copy, 'pack.json'), '[]');
    expect(codes(verify(copy))).toEqual(['pack_unreadable']);
  });
});

function matchAt(pack: string): number {
  return readFileSync(join(pack, 'entries.ndjson'), 'utf8')
    .split('\n')
    .findIndex((line) => line.includes('"verdict":"match"'));
}

describe('erased fields', () => {
  it('are named, and exclude nothing', async () => {
    const [index] = indicesOf('dec-a-3');
    await log.append(
      { kind: 'administrative', event: 'erasure', erases: [{ index: index!, fields: ['actor', 'args'] }] },
      {},
    );
    await log.publish();
    const directory = log.copy();
    tamper(directory, (database) => {
      const row = database.prepare('select detail from log where idx = ?').get(index!)!;
      database
        .prepare('update log set detail = ? where idx = ?')
        .run(eraseFromDetail(String(row['detail']), ['actor', 'args']), index!);
    });
    const out = join(log.root, 'erased');
    const asked = { actor: 'agent:a', from, to };
    const proved = proveEvidence({ directory, out, question: asked });
    expect(proved).toMatchObject({
      ok: true,
      answer: {
        open: { total: 1, entries: [{ index, because: ['erased'] }] },
        erased: { total: 2, entries: [{ index, fields: ['actor', 'args'] }] },
      },
    });
    expect(verify(out)).toMatchObject({ ok: true });
    const hidden = withManifest(out, (manifest) => {
      manifest.related = manifest.related.filter((each: Any) => each.role !== 'erasure');
    });
    expect(codes(verify(hidden))).toEqual(expect.arrayContaining(['verdict_changed', 'answer_changed']));
  });
});

function indicesOf(id: string): number[] {
  const pack = prove({ ...question(), resource: { id: 'nothing' } }).out;
  return readFileSync(join(pack, 'entries.ndjson'), 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line))
    .filter(({ leaf }) => JSON.parse(leaf).decision_id === id)
    .map(({ index }) => index);
}

describe('the time asked about', () => {
  it('is an instant or a whole day in UTC', () => {
    expect(readBound('2026-03-14', 'from')).toBe('2026-03-14T00:00:00.000Z');
    expect(readBound('2026-03-14', 'to')).toBe('2026-03-15T00:00:00.000Z');
    expect(readBound('2026-03-14T10:00:00+02:00', 'to')).toBe('2026-03-14T08:00:00.000Z');
    for (const wrong of ['2026-02-31', 'yesterday', '2026-03-14T10:00:00', '14.3.2026', ''])
      expect(readBound(wrong, 'from')).toBeUndefined();
  });
});
