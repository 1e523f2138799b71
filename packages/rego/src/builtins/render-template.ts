import type { ObjectValue } from '../value/index.ts';
import { fromJson, toJson } from '../value/index.ts';
import type { BuiltinContext, BuiltinOutcome } from './builtin.ts';
import type { Family } from './define.ts';
import { fault } from './fault.ts';
import { TemplateFault } from './template/nodes.ts';
import { parseTemplate } from './template/parse.ts';
import { runTemplate } from './template/run.ts';

function render(_context: BuiltinContext, source: string, data: ObjectValue): BuiltinOutcome {
  try {
    const nodes = parseTemplate(source);
    const output = runTemplate(nodes, fromJson(toJson(data)) ?? null);
    return output.replaceAll('<no value>', '<undefined>');
  } catch (caught) {
    if (caught instanceof TemplateFault) return fault(caught.message);
    throw caught;
  }
}

/** Templates of Go's `text/template`, without nested templates and formatting. Source: OPA's `topdown/template.go`. */
export const RENDER_TEMPLATE: Family = { 'strings.render_template': render };
