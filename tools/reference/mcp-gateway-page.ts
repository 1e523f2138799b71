import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { STRICT_JSON_CODES } from '@writ/decision';
import {
  ANSWERED,
  DECISION_REASONS,
  GATEWAY_CHAIN,
  INPUTS,
  type InputRule,
  METHODS,
  type MethodRule,
} from '@writ/gateway';
import { IDENTITY_CODES } from '@writ/identity';
import { codes, table, withSections } from './made-sections.ts';

export const MCP_GATEWAY_PAGE = 'docs/reference/mcp-gateway.md';

/** The page of the MCP gateway, with its chain and its methods as the code has them. */
export function mcpGatewayPage(root: string): string {
  return withSections(readFileSync(join(root, MCP_GATEWAY_PAGE), 'utf8'), {
    chain: chainTable(),
    methods: methodsTable(),
    answered: table(
      ['Method', 'Era', 'Why no decision is needed'],
      Object.entries(ANSWERED).map(([method, { why, era }]) => [`\`${method}\``, eraText(era), why]),
    ),
    inputs: table(
      ['Asked by a server', 'Decided as `action.type`', '`action.operation`'],
      Object.entries<InputRule>(INPUTS).map(([method, { type, operation }]) => [
        `\`${method}\``,
        `\`${type}\``,
        operation === undefined ? '–' : `\`${operation}\``,
      ]),
    ),
  });
}

function chainTable(): string {
  return table(
    ['', 'Step', 'On', 'What it is about', 'Needs', 'Adds', 'May refuse with'],
    GATEWAY_CHAIN.map(({ name, on, about, needs, adds, refuses }, index) => [
      String(index + 1),
      name,
      on,
      about,
      codes(needs),
      codes(adds),
      refusals(refuses),
    ]),
  );
}

/** Long families of codes by their name. */
const FAMILIES: readonly { readonly codes: readonly string[]; readonly name: string }[] = [
  { codes: IDENTITY_CODES, name: '[codes of identity](reason-codes.md)' },
  { codes: STRICT_JSON_CODES, name: '[codes of strict reading](reason-codes.md)' },
  { codes: [DECISION_REASONS], name: '[reasons of the decision](reason-codes.md)' },
];

function refusals(refuses: readonly string[]): string {
  const families = FAMILIES.filter((family) => family.codes.every((code) => refuses.includes(code)));
  const named = families.flatMap((family) => family.codes);
  const rest = refuses.filter((code) => !named.includes(code));
  const parts = [...families.map(({ name }) => name), ...(rest.length === 0 ? [] : [codes(rest)])];
  return parts.length === 0 ? '–' : parts.join(', ');
}

function methodsTable(): string {
  return table(
    ['Method', 'Era', 'Decided as `action.type`', 'Phase'],
    Object.entries<MethodRule>(METHODS).map(([method, { type, phase, era }]) => [
      `\`${method}\``,
      eraText(era),
      `\`${type}\``,
      phase,
    ]),
  );
}

function eraText(era: MethodRule['era']): string {
  return era === undefined ? 'both' : era === 'legacy' ? 'older' : 'newer';
}
