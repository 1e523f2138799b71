import type { Oracle } from '@writ/testing';
import { isOracleFailure } from '@writ/testing';
import type { Value } from '../../src/value/index.ts';
import { fromJson, lookup, RegoSet, toJson } from '../../src/value/index.ts';

/** What a call gave: a value with its type, an error, or nothing. */
export type CallOutcome =
  | { readonly kind: 'value'; readonly type: string; readonly json: string }
  | { readonly kind: 'error'; readonly code: string; readonly message: string }
  | { readonly kind: 'undefined' };

function operandSource(operand: Value, index: number): string {
  if (!(operand instanceof RegoSet)) return `input[${index}]`;
  const isNested = operand.size > 0 && operand.sorted().every((member) => member instanceof RegoSet);
  if (isNested) return `{s | some y in input[${index}]; s := {x | some x in y}}`;
  return `{x | some x in input[${index}]}`;
}

/** Calls builtins in the real OPA, with errors reported; each form of call is compiled once. */
export class OpaCaller {
  readonly #oracle: Oracle;
  readonly #handles = new Map<string, string>();

  constructor(oracle: Oracle) {
    this.#oracle = oracle;
  }

  /** `rejected`: OPA's compiler sees that an operand has a wrong type, or OPA panics on the call. */
  async call(name: string, operands: readonly Value[]): Promise<CallOutcome | 'rejected'> {
    const call = `${name}(${operands.map(operandSource).join(', ')})`;
    const handle = await this.#handle(call);
    if (handle === 'rejected') return handle;
    const answer = await this.#evaluate(handle, operands);
    if (answer === 'rejected') return answer;
    if (isOracleFailure(answer)) {
      const { code, message } = answer.error;
      return { kind: 'error', code, message: message.replace(/^\S+:\d+: eval_\w+: /, '') };
    }
    if (!answer.defined) return { kind: 'undefined' };
    const value = lookup(fromJson(answer.line), 'value');
    return {
      kind: 'value',
      type: String(lookup(value, 'type')),
      json: toJson(lookup(value, 'value')!),
    };
  }

  async #evaluate(handle: string, operands: readonly Value[]) {
    try {
      return await this.#oracle.evaluate({ handle, inputText: toJson(operands) });
    } catch (error) {
      if (error instanceof Error && error.message.startsWith('oracle_panic')) return 'rejected';
      throw error;
    }
  }

  async #handle(call: string): Promise<string> {
    const known = this.#handles.get(call);
    if (known !== undefined) return known;
    const text = `package calls\n\nanswer := {"type": type_name(v), "value": v} if v := ${call}\n`;
    const prepared = await this.#oracle.prepare({
      modules: { 'calls.rego': text },
      query: 'data.calls.answer',
      strict: true,
    });
    const handle = isOracleFailure(prepared) ? 'rejected' : prepared.handle;
    if (isOracleFailure(prepared) && prepared.error.code !== 'rego_type_error') {
      throw new Error(`${call}: ${prepared.error.message}`);
    }
    this.#handles.set(call, handle);
    return handle;
  }
}
