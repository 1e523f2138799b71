import { parseModule } from '../syntax/index.ts';
import { moduleToAst } from '../syntax/module-to-ast.ts';
import type { Value } from '../value/index.ts';
import { fromJson } from '../value/index.ts';
import type { BuiltinContext, BuiltinOutcome } from './builtin.ts';
import type { Definition, Family } from './define.ts';
import { fault, typeFault } from './fault.ts';
import { SIGNATURES } from './signatures.ts';

const NAMES: ReadonlySet<string> = new Set(SIGNATURES.map(({ name }) => name));

/** The tree of a module in OPA's JSON. */
function parse(_context: BuiltinContext, file: string, text: Value): BuiltinOutcome {
  // OPA counts both operands as the first.
  if (typeof text !== 'string') return typeFault(1, text, 'string');
  const { module, diagnostics } = parseModule(text, { file, isBuiltin: (name) => NAMES.has(name) });
  const errors = diagnostics.filter(({ severity }) => severity === 'error');
  if (module === undefined || errors.length > 0) {
    const count = `${errors.length} error${errors.length === 1 ? '' : 's'} occurred: `;
    const worded = errors.map(
      ({ code, message, location }) => `${file}:${location.row}: ${code}: ${message}`,
    );
    return fault(count + worded.join('\n'));
  }
  return fromJson(JSON.stringify(moduleToAst(module))) ?? null;
}

function onlyInRules(name: string): Definition {
  return { call: () => fault(`the ${name} function must only be called within the scope of a rule`) };
}

/** What asks about policies themselves. Source: OPA's `topdown/parse.go`. */
export const REGO: Family = {
  'rego.parse_module': { call: parse, checked: 1 },
  // In a rule the analysis puts the metadata in the place of these.
  'rego.metadata.chain': onlyInRules('rego.metadata.chain'),
  'rego.metadata.rule': onlyInRules('rego.metadata.rule'),
};
