import type { FailedLiteral, FailedPart } from '@writ/rego';

const VALUE_LENGTH_MAX = 64;

/**
 * A literal with what its parts were below them, as `opa test --var-values` prints it:
 *
 *     got == a.limit(x)
 *     |      |       |
 *     |      |       15
 *     |      "low"
 *     "high"
 */
export function failedLiteralText({ location, text, indent, parts }: FailedLiteral): string {
  const written = `${indent}${text}`;
  if (parts.length === 0) return written;
  const rows = new Set(parts.map((part) => part.location.row));
  if (rows.size > 1 || !rows.has(location.row)) {
    const lines = parts.map((part) => `${part.text}: ${shownValue(part)}`);
    return [written, '', 'Where:', '', ...lines].join('\n');
  }
  const inOrder = parts.toSorted(
    (a, b) => a.location.column - b.location.column || (a.text < b.text ? -1 : 1),
  );
  const lines = inOrder.map((_part, last) => arrows(inOrder, indent, last)).reverse();
  return [written, arrows(inOrder, indent, undefined), ...lines].join('\n');
}

function shownValue({ value }: FailedPart): string {
  if (value === undefined) return 'undefined';
  return value.length > VALUE_LENGTH_MAX ? `${value.slice(0, VALUE_LENGTH_MAX - 3)}...` : value;
}

/** A line with a bar for each part up to one, and the value of that one in its own place. */
function arrows(parts: readonly FailedPart[], indent: string, last: number | undefined): string {
  const shown = last === undefined ? parts : parts.slice(0, last + 1);
  let line = '';
  for (const [index, part] of shown.entries()) {
    const { column } = part.location;
    const isLast = index === shown.length - 1;
    // Of several in one column the last one draws the bar.
    if (!isLast && shown[index + 1]!.location.column === column) continue;
    while (line.length < column - 1) line += indent[line.length] ?? ' ';
    const hasCompany = parts.some((other) => other !== part && other.location.column === column);
    if (!isLast || last === undefined) line += '|';
    else line += hasCompany ? `${part.text}: ${shownValue(part)}` : shownValue(part);
  }
  return line;
}
