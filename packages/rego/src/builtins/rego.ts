import { type Diagnostic, moduleToAst, parseModule } from '../syntax/index.ts';
import type { Value } from '../value/index.ts';
import { fromJson } from '../value/index.ts';
import type { BuiltinContext, BuiltinOutcome } from './builtin.ts';
import type { Family } from './define.ts';
import { fault, typeFault } from './fault.ts';
import { SIGNATURES } from './signatures.ts';

const NAMES = new Set(SIGNATURES.map(({ name }) => name));

/** What Rego says about itself. Source: OPA's `topdown/parse.go`. */
export const REGO: Family = {
  'rego.parse_module': {
    call: (_context: BuiltinContext, file: string, text: Value) => parsedModule(file, text),
    checked: 1,
  },
  // Analysis puts the answer in the place of the call wherever there is a rule around it.
  'rego.metadata.chain': () => outsideOfRules('chain'),
  'rego.metadata.rule': () => outsideOfRules('rule'),
};

function outsideOfRules(name: string): BuiltinOutcome {
  return fault(`the rego.metadata.${name} function must only be called within the scope of a rule`);
}

function parsedModule(file: string, text: Value): BuiltinOutcome {
  // OPA counts both operands as the first.
  if (typeof text !== 'string') return typeFault(1, text, 'string');
  const { module, diagnostics } = parseModule(text, {
    file,
    annotations: false,
    isBuiltin: (name) => NAMES.has(name),
  });
  if (module !== undefined) return fromJson(JSON.stringify(moduleToAst(module)));
  return fault(`1 error occurred: ${errorText(diagnostics[0]!, text)}`);
}

/** An error as OPA prints it: its place, what is wrong, the line and where in it. */
function errorText({ code, message, location }: Diagnostic, text: string): string {
  const { file, row, column } = location;
  const place = file === '' ? `${row}:${column}` : `${file}:${row}`;
  return `${place}: ${code}: ${message}${lineText(text, location.start)}`;
}

function lineText(text: string, offset: number): string {
  let at = Math.min(offset, text.length - 1);
  while (at > 0 && /\s/.test(text[at]!)) at--;
  if (at < 0) return '';
  const start = text.lastIndexOf('\n', at) + 1;
  const next = text.indexOf('\n', at);
  const line = text.slice(start, next < 0 ? text.length : next).replace(/\r$/, '');
  const shown = line.replace(/^\t+/, '');
  const indent = new TextEncoder().encode(line.slice(0, Math.max(0, at - start))).length;
  return `\n\t${shown}\n\t${' '.repeat(Math.max(0, indent - (line.length - shown.length)))}^`;
}
