import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { configName } from '@writ/cli';
import { GATEWAY_LIMITS, type LimitRule, UPSTREAM_LIMITS } from '@writ/gateway';
import { table, withSections } from './made-sections.ts';

export const CONFIGURATION_PAGE = 'docs/reference/configuration.md';

/** The page of the configuration, with the limits as the code has them. */
export function configurationPage(root: string): string {
  return withSections(readFileSync(join(root, CONFIGURATION_PAGE), 'utf8'), {
    'limits.gateway': limitsTable(GATEWAY_LIMITS),
    'limits.upstream': limitsTable(UPSTREAM_LIMITS),
  });
}

function limitsTable(rules: Readonly<Record<string, LimitRule>>): string {
  return table(
    ['Key', 'Meaning', 'Default'],
    Object.entries(rules).map(([name, rule]) => [
      `\`${configName(name)}\``,
      rule.about,
      rule.default.toLocaleString('en-US'),
    ]),
  );
}
