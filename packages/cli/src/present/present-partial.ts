import { moduleToAst, parseModule, type Residue } from '@writ/rego';
import { prettyJson } from './pretty-json.ts';

/** What is left of a query after partial evaluation, as `opa eval --partial` prints it in a format. */
export function presentResidue(residue: Residue, format: string): string | undefined {
  if (format === 'json') return prettyJson(JSON.stringify({ partial: residueJson(residue) }));
  if (format === 'source' || format === 'pretty') return residueSource(residue);
  return undefined;
}

function residueJson({ queries, support }: Residue): object {
  return {
    ...(queries.length > 0 && { queries: queries.map(({ text }) => bodyAst(text)) }),
    ...(support.length > 0 && { modules: support.map(({ module }) => moduleToAst(module)) }),
  };
}

/** The tree of a body: that of a rule which holds it. */
function bodyAst(text: string): unknown {
  const { module } = parseModule(`package partial\n\nquery if {\n${text}\n}\n`, { file: 'query' });
  if (module === undefined) throw new Error(`the residue does not parse: ${text}`);
  const { rules } = moduleToAst(module) as unknown as {
    readonly rules: readonly { readonly body: unknown }[];
  };
  return rules[0]?.body;
}

function residueSource({ queries, support }: Residue): string {
  return [
    ...queries.map(({ text }, index) => `# Query ${index + 1}\n${text.trim()}\n`),
    ...support.map(({ text }, index) => `# Module ${index + 1}\n${text.trim()}\n`),
  ]
    .join('\n')
    .trimEnd();
}
