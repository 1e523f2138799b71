/** A table in a box, headers in the middle of their columns, as OPA prints them. */
export function boxTable(
  headers: readonly string[],
  rows: readonly (readonly string[])[],
  align: 'left' | 'right-numbers' = 'left',
): string {
  const widths = headers.map((header, column) =>
    Math.max(header.length, ...rows.map((row) => row[column]?.length ?? 0)),
  );
  const rule = (left: string, middle: string, right: string): string =>
    left + widths.map((width) => '─'.repeat(width + 2)).join(middle) + right;
  const line = (cells: readonly string[], pad: (text: string, width: number) => string): string =>
    `│${widths.map((width, column) => ` ${pad(cells[column] ?? '', width)} `).join('│')}│`;
  const cell = (text: string, width: number): string =>
    align === 'right-numbers' && /^[\d.]+$/.test(text) ? text.padStart(width) : text.padEnd(width);
  const head = headers.every((header) => header === '') ? [] : [line(headers, centred), rule('├', '┼', '┤')];
  return [rule('┌', '┬', '┐'), ...head, ...rows.map((row) => line(row, cell)), rule('└', '┴', '┘')].join(
    '\n',
  );
}

function centred(text: string, width: number): string {
  const left = Math.floor((width - text.length) / 2);
  return (' '.repeat(left) + text).padEnd(width);
}
