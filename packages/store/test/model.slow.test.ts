import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { Store } from '../src/index.ts';
import type { ScriptRequest, ScriptResult, Step } from './fixtures/script.ts';
import { codeOf, Temporary } from './temporary.ts';

/** What the store promises, without batches, files or threads: one call after another over a map and a list. */
class Model {
  readonly cells = new Map<string, string>();
  readonly log: string[] = [];

  run({ id, keys, steps }: ScriptRequest): ScriptResult | 'store_procedure_failed' {
    const cells = new Map(this.cells);
    const log = [...this.log];
    const seen: (string | null)[] = [];
    const indexes: number[] = [];
    for (const step of [...steps, { kind: 'append', text: `end ${id}` } as const]) {
      if (step.kind === 'fail') return 'store_procedure_failed';
      if (step.kind === 'append') indexes.push(log.push(step.text) - 1);
      else if (!keys.includes(step.key)) return 'store_procedure_failed';
      else if (step.kind === 'get') seen.push(cells.get(step.key) ?? null);
      else if (step.kind === 'put') cells.set(step.key, step.value);
      else cells.delete(step.key);
    }
    this.#replace(cells, log);
    return { seen, indexes };
  }

  #replace(cells: ReadonlyMap<string, string>, log: readonly string[]): void {
    this.cells.clear();
    for (const [key, value] of cells) this.cells.set(key, value);
    this.log.splice(0, this.log.length, ...log);
  }
}

const key = fc.constantFrom('a', 'b', 'c', '\u{1f511}');
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('get' as const), key }) },
  {
    weight: 4,
    arbitrary: fc.record({ kind: fc.constant('put' as const), key, value: fc.string({ unit: 'grapheme' }) }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('remove' as const), key }) },
  {
    weight: 3,
    arbitrary: fc.record({ kind: fc.constant('append' as const), text: fc.string({ unit: 'grapheme' }) }),
  },
  { weight: 1, arbitrary: fc.constant({ kind: 'fail' as const }) },
);
const script = fc.record({
  keys: fc.oneof(
    { weight: 5, arbitrary: fc.constant(['a', 'b', 'c', '\u{1f511}']) },
    { weight: 1, arbitrary: fc.array(key) },
  ),
  steps: fc.array(step, { maxLength: 6 }),
  /** Which handle calls, and how many turns of the event loop pass before. */
  handle: fc.nat(2),
  turns: fc.nat(2),
});

/**
 * Three handles call at random moments. The log tells in which order the kept calls ran; in that order the model must
 * give the same answers, and in the end hold the same cells and entries.
 */
it('[P-SERIALIZABLE] any interleaving of calls has the outcome of one order', async () => {
  const decoder = new TextDecoder();
  await fc.assert(
    fc.asyncProperty(fc.array(script, { maxLength: 30 }), async (scripts) => {
      await using temporary = new Temporary();
      const directory = temporary.folder();
      const handles: Store[] = [];
      for (let each = 0; each < 3; each += 1) handles.push(await temporary.store(directory, ['script']));
      const requests = scripts.map(({ keys, steps }, id): ScriptRequest => ({ id, keys, steps }));
      const answers = await Promise.all(
        scripts.map(async ({ handle, turns }, id) => {
          for (let turn = 0; turn < turns; turn += 1) await new Promise((resolve) => setImmediate(resolve));
          const call = handles[handle]?.call<ScriptRequest, ScriptResult>('script', requests[id]!);
          const code = await codeOf(call!);
          return code === 'resolved' ? await call : code;
        }),
      );
      const log = (await handles[2]!.entries(0, 1_000)).map(({ leaf }) => decoder.decode(leaf));
      const model = new Model();
      for (const line of log) {
        const id = /^end (\d+)$/.exec(line)?.[1];
        if (id !== undefined) expect(answers[Number(id)]).toEqual(model.run(requests[Number(id)]!));
      }
      for (const [id, answer] of answers.entries()) {
        if (typeof answer === 'string') expect(model.run({ ...requests[id]! })).toBe(answer);
      }
      expect(log).toEqual(model.log);
      expect(new Map(await handles[1]!.scan(''))).toEqual(model.cells);
    }),
    { numRuns: 20 },
  );
});
