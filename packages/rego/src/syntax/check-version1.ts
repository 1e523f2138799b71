import type { Cursor, Mend } from './cursor.ts';
import { formOf, type RuleDraft } from './rule-draft.ts';
import { keywordsOf, type Token } from './token.ts';

/** What version 1 of the language asks of each rule (OPA `CheckRegoV1`), with the mend where the text shows it. */
export function checkVersion1(cursor: Cursor, rule: RuleDraft): void {
  const what = rule.head.args ? 'function' : 'rule';
  const [name, ...rest] = rule.head.ref;
  if (rest.length === 0 && name?.kind === 'string' && keywordsOf(1).has(name.value)) {
    cursor.fail(`${name.value} keyword cannot be used for rule name`, rule.location);
  }
  if (rule.generatedBody && rule.generatedValue) {
    cursor.fail(`${what} must have value assignment and/or body declaration`, rule.location);
  }
  if (!rule.generatedBody && !rule.hasIf && !rule.isDefault) {
    cursor.fail(`\`if\` keyword is required before ${what} body`, rule.location, missingIf(rule.open));
  }
  if (formOf(rule) === 'partial-set' && !rule.head.member) {
    cursor.fail(
      '`contains` keyword is required for partial set rules',
      rule.location,
      missingContains(cursor, rule),
    );
  }
  for (const branch of rule.elses) {
    if (branch.generatedBody || branch.hasIf) continue;
    cursor.fail(`\`if\` keyword is required before ${what} body`, branch.location, missingIf(branch.open));
  }
}

function missingIf(open: Token | undefined): Mend {
  if (!open) return {};
  return {
    help: 'write `if` before the body; a policy in the syntax before OPA 1.0 can be read as version 0',
    replacement: { start: open.start, end: open.start, text: 'if ' },
  };
}

function missingContains(cursor: Cursor, rule: RuleDraft): Mend {
  const [name, member] = rule.head.ref;
  if (!name || !member) return {};
  const { start, end } = rule.head.location;
  const written = cursor.text.slice(member.location.start, member.location.end);
  const text = `${cursor.text.slice(name.location.start, name.location.end)} contains ${written}`;
  return { help: `write \`${text}\``, replacement: { start, end, text } };
}
