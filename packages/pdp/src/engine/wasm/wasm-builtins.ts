import { capabilities, compilePolicy, type PreparedQuery, type Value } from '@writ/rego';
import { nodeCrypto } from '@writ/rego/node';

/** A builtin as a module calls it; undefined where the call has no value or failed, as OPA has it. */
export type ModuleBuiltin = (operands: readonly Value[], timeNs: bigint) => Value | undefined;

/**
 * Builtins that a module does not carry itself, by our own implementation: those of the SDK are few, and some answer
 * otherwise than OPA (`sprintf`). Each is the rule `result := NAME(input[0], …)`, compiled once.
 */
export function moduleBuiltin(name: string): ModuleBuiltin | undefined {
  // A module that trapped is made anew within a decision: its builtins are not.
  if (!made.has(name)) made.set(name, makeBuiltin(name));
  return made.get(name);
}

/** By name; there are as many as the language has. */
const made = new Map<string, ModuleBuiltin | undefined>();

function makeBuiltin(name: string): ModuleBuiltin | undefined {
  const declared = capabilities().builtins?.find((builtin) => builtin.name === name);
  if (declared === undefined) return undefined;
  const arity = declared.decl.args?.length ?? 0;
  const operands = Array.from({ length: arity }, (_, index) => `input[${index}]`).join(', ');
  const text = `package writ.builtin\n\nresult := ${name}(${operands})\n`;
  // Version 0 has the deprecated ones too, which a module may have been built with.
  const query = [1, 0].reduce<PreparedQuery | undefined>(
    (found, version) =>
      found ??
      compilePolicy([{ file: 'builtin.rego', text, version: version as 0 | 1 }]).policy?.prepare(
        'writ/builtin/result',
      ),
    undefined,
  );
  if (query === undefined) return undefined;
  return (given, timeNs) => {
    const answer = query.evaluate(given as Value, { timeNs, host: { crypto: nodeCrypto } });
    // A failing builtin is undefined; what ends an evaluation must not look like that.
    if (answer.kind === 'error') throw new Error(`${answer.code}: ${answer.message}`);
    return answer.kind === 'value' ? answer.value : undefined;
  };
}
