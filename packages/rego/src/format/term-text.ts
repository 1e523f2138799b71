import { quote } from '../value/index.ts';
import type { FormatBody, FormatContent, FormatExpression, FormatTerm } from './nodes.ts';

/** A word that can stand after a dot. */
export function isName(text: string): boolean {
  return /^[A-Za-z_][A-Za-z0-9_]*$/.test(text);
}

/** A variable as written; a wildcard is `_`. */
export function variableText(name: string): string {
  return name.startsWith('$') ? '_' : name;
}

/** A term on one line as OPA prints it: members sorted, calls in prefix form. */
export function termText(term: FormatTerm): string {
  switch (term.kind) {
    case 'null':
      return 'null';
    case 'boolean':
      return String(term.value);
    case 'number':
      return term.text;
    case 'string':
      return quote(term.value);
    case 'var':
      return variableText(term.name);
    case 'ref':
      return refText(term.parts);
    case 'array':
      return `[${term.items.map(termText).join(', ')}]`;
    case 'set':
      return term.items.length === 0 ? 'set()' : `{${term.items.map(termText).join(', ')}}`;
    case 'object':
      return `{${term.entries.map(([key, value]) => `${termText(key)}: ${termText(value)}`).join(', ')}}`;
    case 'comprehension': {
      const head = term.key === undefined ? '' : `${termText(term.key)}: `;
      return `${term.brackets[0]}${head}${termText(term.term)} | ${bodyText(term.body)}${term.brackets[1]}`;
    }
    case 'call':
      return callText(term.terms);
    case 'template':
      return term.place.text;
  }
}

function refText([head, ...parts]: readonly FormatTerm[]): string {
  const steps = parts.map((part) =>
    part.kind === 'string' && isName(part.value) ? `.${part.value}` : `[${termText(part)}]`,
  );
  return `${head === undefined ? '' : termText(head)}${steps.join('')}`;
}

function callText([operator, ...operands]: readonly FormatTerm[]): string {
  return `${termText(operator!)}(${operands.map(termText).join(', ')})`;
}

function bodyText(body: FormatBody): string {
  return body.map(expressionText).join('; ');
}

function expressionText({ negated, content, with: modifiers }: FormatExpression): string {
  const withs = modifiers.map(({ target, value }) => ` with ${termText(target)} as ${termText(value)}`);
  return `${negated ? 'not ' : ''}${contentText(content)}${withs.join('')}`;
}

function contentText(content: FormatContent): string {
  switch (content.kind) {
    case 'term':
      return termText(content.term);
    case 'call':
      return callText(content.terms);
    default:
      return content.place.text;
  }
}
