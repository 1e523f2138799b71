import { ANALYSIS_STAGES } from '@writ/rego';

export const ANALYSIS_PAGE = 'docs/reference/analysis.md';

const HEAD = `# Stages of analysis

<!-- Written by tools/write-reference.ts from STAGES of @writ/rego: edit it there. -->

What happens to policies between their syntax and their evaluation. Each stage needs what others before it gave, and
stands for stages of OPA's compiler, in whose words it speaks. Errors that leave a policy in a state in which the next
stages can look for more are collected; after any other the stage is the last. All errors are given in the order of the
files and of the places in them.

| Stage | Needs | Gives | Stages of OPA |
| --- | --- | --- | --- |
`;

const FOOT = `
\`npx writ check\` runs them all. \`--strict\` makes \`resolve\` refuse what nothing uses, and \`imports\` and \`deprecated\`
look at modules of version 0 too; \`--capabilities\` is what \`capabilities\`, \`resolve\` and \`deprecated\` go by;
\`--schema\` gives \`types\` the JSON Schemas that it reads the input and annotated documents by.
`;

/** The page of the stages, in their order. */
export function analysisPage(): string {
  const rows = ANALYSIS_STAGES.map(
    ({ name, needs, gives, opa }) =>
      `| \`${name}\` | ${list(needs)} | ${gives} | ${opa.map((one) => `\`${one}\``).join(', ')} |`,
  );
  return `${HEAD}${rows.join('\n')}\n${FOOT}`;
}

function list(names: readonly string[]): string {
  return names.length === 0 ? '–' : names.map((name) => `\`${name}\``).join(', ');
}
