import type { FormatBody, FormatEntry, FormatExpression, FormatTerm } from './nodes.ts';
import type { Place } from './place.ts';

/** What is written in a row of things: an item, an entry of an object, a literal of a comprehension's body. */
export type Element = FormatTerm | FormatEntry | FormatExpression;

export function isEntry(element: Element): element is FormatEntry {
  return Array.isArray(element);
}

export function placeOf(element: Element): Place {
  return isEntry(element) ? element[0].place : element.place;
}

/**
 * Elements by the lines that they start on, in the order of the source. Where a part stands nowhere in the source (the 0
 * of `-x`), rows say nothing, and all stay together.
 */
export function groupLines(elements: readonly Element[], start: Place): readonly (readonly Element[])[] {
  if (elements.some(holdsMadeUp)) return [elements];
  const sorted = [...elements].sort((first, second) => comparePlaces(placeOf(first), placeOf(second)));
  const lines: Element[][] = [];
  let line: Element[] = [];
  let last = start;
  for (const [index, element] of sorted.entries()) {
    const place = placeOf(element);
    if (place.row > last.row && index > 0) {
      lines.push(line);
      line = [];
    }
    last = place;
    line.push(element);
  }
  return [...lines, line];
}

export function comparePlaces(first: Place, second: Place): number {
  return first.row - second.row || first.column - second.column;
}

function holdsMadeUp(element: Element): boolean {
  if (isEntry(element)) return element.some(termHoldsMadeUp);
  return element.kind === 'expression' ? expressionHoldsMadeUp(element) : termHoldsMadeUp(element);
}

function termHoldsMadeUp(term: FormatTerm): boolean {
  if (term.place.isMadeUp) return true;
  switch (term.kind) {
    case 'var':
      return term.name.startsWith('__local');
    case 'ref':
      return term.parts.some(termHoldsMadeUp);
    case 'array':
    case 'set':
      return term.items.some(termHoldsMadeUp);
    case 'object':
      return term.entries.some((entry) => entry.some(termHoldsMadeUp));
    case 'comprehension':
      return (
        [term.key, term.term].some((part) => part && termHoldsMadeUp(part)) || bodyHoldsMadeUp(term.body)
      );
    case 'call':
      return term.terms.some(termHoldsMadeUp);
    case 'template':
      return term.parts.some(holdsMadeUp);
    default:
      return false;
  }
}

function bodyHoldsMadeUp(body: FormatBody): boolean {
  return body.some(expressionHoldsMadeUp);
}

function expressionHoldsMadeUp({ content, with: modifiers }: FormatExpression): boolean {
  if (modifiers.some(({ target, value }) => termHoldsMadeUp(target) || termHoldsMadeUp(value))) return true;
  switch (content.kind) {
    case 'term':
      return termHoldsMadeUp(content.term);
    case 'call':
      return content.terms.some(termHoldsMadeUp);
    case 'some':
      return content.symbols.some(termHoldsMadeUp);
    case 'every':
      return (
        [content.key, content.value, content.domain].some((part) => part && termHoldsMadeUp(part)) ||
        bodyHoldsMadeUp(content.body)
      );
    case 'not':
      return bodyHoldsMadeUp(content.body);
    case 'and':
    case 'or':
      return bodyHoldsMadeUp(content.left) || bodyHoldsMadeUp(content.right);
  }
}
