import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { compilePolicy, DIAGNOSTIC_CODES, type Diagnostic, renderDiagnostic } from '@writ/rego';
import { codeBlocks } from './code-blocks.ts';

/** The page of a diagnostic code, relative to the repository. */
export function errorPagePath(code: string): string {
  return `docs/errors/${code}.md`;
}

/** What compiling a policy that stands on a page finds. */
export function findingsOf(text: string): readonly Diagnostic[] {
  return compilePolicy([{ file: 'policy.rego', text, version: 1 }]).diagnostics;
}

/** Each error page with the message below its example as the compiler gives it today. */
export function errorPages(root: string): ReadonlyMap<string, string> {
  return new Map(
    DIAGNOSTIC_CODES.map((code) => {
      const path = errorPagePath(code);
      return [path, withMessage(readFileSync(join(root, path), 'utf8'))];
    }),
  );
}

function withMessage(page: string): string {
  const blocks = codeBlocks(page).filter(({ heading }) => heading === 'An example');
  const policy = blocks.find(({ language }) => language === 'rego');
  const message = blocks.find(({ language }) => language === 'text');
  if (policy === undefined || message === undefined) return page;
  const shown = findingsOf(policy.text).map((each) => renderDiagnostic(each, policy.text));
  return `${page.slice(0, message.start)}${shown.join('\n\n')}\n${page.slice(message.end)}`;
}
