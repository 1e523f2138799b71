import type { Override, Statement } from '../plan/plan.ts';
import type { Mock } from '../runtime/run.ts';
import type { Code } from './code.ts';
import { code, join, literal, nameOf } from './code.ts';
import type { Emitter, Fail, Rest } from './emitter.ts';
import { equality } from './inline-builtins.ts';
import { emitPattern } from './patterns.ts';
import { emitDefined, emitDefinedAll, emitValue } from './values.ts';

type StatementEmitter<K extends Statement['op']> = (
  emitter: Emitter,
  statement: Extract<Statement, { op: K }>,
  fail: Fail,
  ordered: boolean,
  rest: Rest,
) => void;

const EMITTERS: { readonly [K in Statement['op']]: StatementEmitter<K> } = {
  test: (emitter, { value }, fail, ordered, rest) => {
    const found = emitDefined(emitter, value, fail, ordered);
    emitter.write(code`if (${found} === false) ${fail}`);
    rest(fail);
  },
  assign: (emitter, { slot, value }, fail, ordered, rest) => {
    const name = nameOf('slot', slot);
    emitter.write(code`${name} = ${emitValue(emitter, value, fail, ordered)};`);
    emitter.write(code`if (${name} === undefined) ${fail}`);
    rest(fail);
  },
  equal: (emitter, statement, fail, ordered, rest) => {
    emitEqual(emitter, statement, fail, ordered);
    rest(fail);
  },
  match: (emitter, { pattern, value }, fail, ordered, rest) => {
    const found = emitDefined(emitter, value, fail, ordered);
    emitPattern(emitter, pattern, found, fail, ordered);
    rest(fail);
  },
  scan: (emitter, statement, fail, ordered, rest) => {
    const { of, key, value } = statement;
    const loop = emitLoop(emitter, emitDefined(emitter, of, fail, ordered), ordered);
    if (key.op !== 'any') emitPattern(emitter, key, emitter.hold(loop.key), loop.next, ordered);
    if (value.op !== 'any') emitPattern(emitter, value, emitter.hold(loop.value), loop.next, ordered);
    rest(loop.next);
    emitter.write(code`}`);
    emitter.write(fail);
  },
  'scan-document': (emitter, { path, keys, key }, fail, ordered, rest) => {
    const values = emitDefinedAll(emitter, keys, fail, ordered);
    const names = emitter.constant({ kind: 'document-names', path });
    emitEach(emitter, code`${names}(run, [${join(values, COMMA)}])`, fail, (name, next) => {
      emitPattern(emitter, key, name, next, ordered);
      rest(next);
    });
  },
  relation: (emitter, { name, args, output }, fail, ordered, rest) => {
    const values = emitDefinedAll(emitter, args, fail, ordered);
    const answers = emitter.constant({ kind: 'answers', builtin: name });
    const operands = join([code`run.builtins`, ...values], COMMA);
    emitEach(emitter, code`${answers}(${operands})`, fail, (answer, next) => {
      emitPattern(emitter, output, answer, next, ordered);
      rest(next);
    });
  },
  not: (emitter, { body }, fail, _ordered, rest) => {
    const label = emitter.label();
    emitter.write(code`${label}: {`);
    emitStatements(emitter, body, code`break ${label};`, false, () => emitter.write(fail));
    emitter.write(code`}`);
    rest(fail);
  },
  holds: (emitter, { bodies }, fail, _ordered, rest) => {
    const found = emitter.label();
    emitter.write(code`${found}: {`);
    for (const body of bodies) {
      const next = emitter.label();
      emitter.write(code`${next}: {`);
      emitStatements(emitter, body, code`break ${next};`, false, () => emitter.write(code`break ${found};`));
      emitter.write(code`}`);
    }
    emitter.write(fail);
    emitter.write(code`}`);
    rest(fail);
  },
  every: (emitter, statement, fail, ordered, rest) => {
    const { key, value, domain, body } = statement;
    const collection = emitDefined(emitter, domain, fail, ordered);
    emitter.write(code`if (!isCollection(${collection})) ${fail}`);
    const { next, ...member } = emitLoop(emitter, collection, false);
    if (key !== undefined) emitter.write(code`${nameOf('slot', key)} = ${member.key};`);
    emitter.write(code`${nameOf('slot', value)} = ${member.value};`);
    const label = emitter.label();
    emitter.write(code`${label}: {`);
    emitStatements(emitter, body, code`break ${label};`, false, () => emitter.write(next));
    emitter.write(code`}`);
    emitter.write(fail);
    emitter.write(code`}`);
    rest(fail);
  },
  with: (emitter, statement, fail, ordered, rest) => emitWith(emitter, statement, fail, ordered, rest),
};

const COMMA = code`, `;

/** Writes statements that lead to `end`, each in front of the one that follows. */
export function emitStatements(
  emitter: Emitter,
  statements: readonly Statement[],
  fail: Fail,
  ordered: boolean,
  end: Rest,
  from = 0,
): void {
  const statement = statements[from];
  if (statement === undefined) {
    end(fail);
    return;
  }
  const emit = EMITTERS[statement.op] as (
    emitter: Emitter,
    statement: Statement,
    fail: Fail,
    ordered: boolean,
    rest: Rest,
  ) => void;
  emit(emitter, statement, fail, ordered, (inner) =>
    emitStatements(emitter, statements, inner, ordered, end, from + 1),
  );
}

function emitEqual(
  emitter: Emitter,
  { left, right }: Extract<Statement, { op: 'equal' }>,
  fail: Fail,
  ordered: boolean,
): void {
  const [known, other] = left.op === 'constant' ? [left, right] : [right, left];
  const found = emitDefined(emitter, other, fail, ordered);
  const expected = emitDefined(emitter, known, fail, ordered);
  emitter.write(code`if (!(${equality([found, expected], [other, known])})) ${fail}`);
}

/** A loop that was opened: expressions for the present member, and the jump to the next round. */
interface Loop {
  readonly key: Code;
  readonly value: Code;
  readonly next: Fail;
}

/** Opens a loop over a collection's members. Arrays, the most frequent, are gone through in place. */
function emitLoop(emitter: Emitter, collection: Code, ordered: boolean): Loop {
  const items = emitter.hold(code`isArray(${collection}) ? ${collection} : undefined`);
  const cursor = emitter.hold(
    code`${items} === undefined ? new Cursor(${collection}, ${literal(ordered)}) : undefined`,
  );
  const label = emitter.label();
  const index = emitter.temporary();
  emitter.write(
    code`${label}: for (let ${index} = 0; ${items} === undefined ? ${cursor}.next() : ${index} < ${items}.length; ${index} += 1) {`,
  );
  emitter.write(code`run.count();`);
  return {
    key: code`${items} === undefined ? ${cursor}.key : ${index}`,
    value: code`${items} === undefined ? ${cursor}.value : ${items}[${index}]`,
    next: code`continue ${label};`,
  };
}

function emitEach(
  emitter: Emitter,
  iterable: Code,
  fail: Fail,
  round: (item: Code, next: Fail) => void,
): void {
  const label = emitter.label();
  const item = emitter.temporary();
  emitter.write(code`${label}: for (const ${item} of ${iterable}) {`);
  emitter.write(code`run.count();`);
  round(item, code`continue ${label};`);
  emitter.write(code`}`);
  emitter.write(fail);
}

/**
 * The modified expression runs in a scope of its own; what follows it in the one around. So each way between the two
 * sets the scope: into the rest, from the rest back (to look for another answer), and out where there is none.
 */
function emitWith(
  emitter: Emitter,
  { overrides, body }: Extract<Statement, { op: 'with' }>,
  fail: Fail,
  ordered: boolean,
  rest: Rest,
): void {
  const scope = emitter.hold(code`innerScope(run)`);
  for (const override of overrides) emitOverride(emitter, override, scope, fail, ordered);
  emitter.write(code`run.scope = ${scope};`);
  const label = emitter.label();
  emitter.write(code`${label}: {`);
  emitStatements(emitter, body, code`break ${label};`, ordered, (inner) => {
    const back = emitter.label();
    emitter.write(code`run.scope = ${scope}.outer;`);
    emitter.write(code`${back}: {`);
    rest(code`break ${back};`);
    emitter.write(code`}`);
    emitter.write(code`run.scope = ${scope};`);
    emitter.write(inner);
  });
  emitter.write(code`}`);
  emitter.write(code`run.scope = ${scope}.outer;`);
  emitter.write(fail);
}

function emitOverride(emitter: Emitter, override: Override, scope: Code, fail: Fail, ordered: boolean): void {
  if (override.target !== 'call') {
    const value = emitDefined(emitter, override.value, fail, ordered);
    const path = emitter.data(override.path);
    const apply = override.target === 'input' ? code`overrideInput` : code`overrideData`;
    emitter.write(code`${apply}(${scope}, ${path}, ${value});`);
    return;
  }
  const { key, replacement } = override;
  let mock: Code;
  if (replacement.kind === 'value') {
    mock = code`{ kind: "value", value: ${emitDefined(emitter, replacement.value, fail, ordered)} }`;
  } else mock = emitter.data(replacement satisfies Mock);
  emitter.write(code`overrideCall(${scope}, ${literal(key)}, ${mock});`);
}
